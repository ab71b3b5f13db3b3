// TensorFlow Lite's int8 LOGISTIC as a table.
#pragma once

#include <cstdint>
#include <vector>

#include "exchange/grid.h"

namespace coco_mcu::exchange {

/// TensorFlow Lite takes one output grid only: units of 1/256 from code 0 on.
bool has_logistic(const Grid& output);

/// 256 codes: 1 / (1 + exp(-x)) by its reference kernel's fixed-point numbers of 32 bits
/// (gemmlowp's exp_on_negative_values and one_over_one_plus_x_for_x_in_0_1). Zero points are codes.
std::vector<std::uint8_t> logistic_table(const Grid& input);

}  // namespace coco_mcu::exchange
