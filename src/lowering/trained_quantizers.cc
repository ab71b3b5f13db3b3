#include "lowering/trained_quantizers.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::lowering {

std::string stored_name(const TrainedQuantizer& quantizer) {
  return quantizer.node + (quantizer.is_weight ? ".weight_quantizer" : ".output_quantizer");
}

const TrainedQuantizer* find_quantizer(const TrainedQuantizers& quantizers, std::string_view node,
                                       bool is_weight) {
  const auto found = std::ranges::find_if(quantizers, [&](const TrainedQuantizer& each) {
    return each.node == node && each.is_weight == is_weight;
  });
  return found == quantizers.end() ? nullptr : &*found;
}

QuantizationGrid grid_of(const TrainedQuantizer& quantizer) {
  if (quantizer.minimum >= quantizer.maximum) return {};
  const float lowest = quantizer.narrow_range ? 1.0F : 0.0F;
  const auto highest = static_cast<float>((1 << quantizer.bits) - 1);
  const float scale = (quantizer.maximum - quantizer.minimum) / (highest - lowest);
  const float zero_point =
      std::clamp(std::round(lowest - quantizer.minimum / scale), lowest, highest);
  return {scale, (lowest - zero_point) * scale, (highest - zero_point) * scale};
}

float fake_quantize(float x, const QuantizationGrid& grid) {
  if (grid.scale == 0.0F) return 0.0F;
  const float clamped = std::clamp(x, grid.low, grid.high);
  const float inverse = 1.0F / grid.scale;
  return std::floor((clamped - grid.low) * inverse + 0.5F) * grid.scale + grid.low;
}

network::Tensors effective_weights(const network::Tensors& tensors,
                                   const TrainedQuantizers& quantizers) {
  network::Tensors effective = tensors;
  for (const TrainedQuantizer& quantizer : quantizers) {
    if (!quantizer.is_weight) continue;
    const auto kernel = effective.find(quantizer.node + ".weight");
    if (kernel == effective.end()) {
      throw std::invalid_argument(
          fmt::format("quantizer {}: the layer has no kernel; give the tensors of the checkpoint "
                      "that the quantizer comes from",
                      stored_name(quantizer)));
    }
    const QuantizationGrid grid = grid_of(quantizer);
    for (float& weight : kernel->second.values) weight = fake_quantize(weight, grid);
  }
  return effective;
}

}  // namespace coco_mcu::lowering
