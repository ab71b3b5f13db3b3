// The project's own requantization that gives an average the rounding of TensorFlow Lite.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "exchange/grid.h"
#include "model/integer_model.h"

namespace coco_mcu::exchange {

/// The code that a sum of `count` codes becomes, within 0..255.
using AverageCode = std::function<int(std::int64_t sum)>;

// Zero points are codes, int8 plus 128.

/// AVERAGE_POOL_2D: the average of int8 numbers, halves away from zero.
AverageCode pooled_average(int count);
/// The same, halves upwards: what one multiplier can do where that cannot be had.
AverageCode average_upwards(int count);
/// MEAN: the sum on the output's scale, then its average, halves away from the zero point.
AverageCode rescaled_mean(const Grid& input, const Grid& output, int count);

/// The rule for accumulators sum - zero_point * count that gives the code of every sum there is;
/// nothing where none does. `multiplier`: codes of the output for each code of the sum.
std::optional<model::Requantization> average_rule(int count, int zero_point, double multiplier,
                                                  const AverageCode& code_of);

}  // namespace coco_mcu::exchange
