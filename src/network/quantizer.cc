#include "network/quantizer.h"

#include <algorithm>

namespace coco_mcu::network {

std::string quantizer_name(const Quantizer& quantizer) {
  const bool is_weight = quantizer.tensor == QuantizedTensor::kWeight;
  return quantizer.node + (is_weight ? ".weight_quantizer" : ".output_quantizer");
}

const Quantizer* find_quantizer(const Quantizers& quantizers, const std::string& node,
                                QuantizedTensor tensor) {
  const auto found = std::ranges::find_if(quantizers, [&](const Quantizer& each) {
    return each.node == node && each.tensor == tensor;
  });
  return found == quantizers.end() ? nullptr : &*found;
}

std::vector<NamedShape> tensors_of(const Quantizer& quantizer, std::int64_t channels) {
  const std::string name = quantizer_name(quantizer);
  if (quantizer.kind == QuantizerKind::kLearnedStep) return {{name + ".step", {channels}}};
  return {{name + ".min", {}}, {name + ".max", {}}};
}

}  // namespace coco_mcu::network
