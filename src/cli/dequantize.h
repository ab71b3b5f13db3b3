// From the codes of an integer model's tensors to the real numbers they stand for.
#pragma once

#include <cstdint>
#include <vector>

#include "model/operator_attributes.h"

namespace coco_mcu::cli {

/// The codes of a layer's output in row order: 0..255, or of a softmax 0..32768.
std::vector<std::int32_t> codes_of(const model::OperatorAttributes& layer,
                                   const std::uint8_t* tensor);

/// What a code of that tensor stands for: scale * (code - zero_point), or of a softmax the
/// probability.
double real_value(const model::OperatorAttributes& layer, std::int32_t code);

}  // namespace coco_mcu::cli
