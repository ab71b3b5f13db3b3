#include "cli/dequantize.h"

#include <cstring>

namespace coco_mcu::cli {

std::vector<std::int32_t> codes_of(const model::OperatorAttributes& layer,
                                   const std::uint8_t* tensor) {
  const std::size_t count = model::elements(layer);
  if (layer.kind != model::OperatorKind::kSoftmax) return {tensor, tensor + count};
  std::vector<std::uint16_t> probabilities(count);
  std::memcpy(probabilities.data(), tensor, model::tensor_bytes(layer));
  return {probabilities.begin(), probabilities.end()};
}

double real_value(const model::OperatorAttributes& layer, std::int32_t code) {
  if (layer.kind == model::OperatorKind::kSoftmax) {
    return static_cast<double>(code) / model::kProbabilityOne;
  }
  return static_cast<double>(layer.scale) * (code - layer.zero_point);
}

}  // namespace coco_mcu::cli
