// TensorFlow Lite's fixed-point arithmetic where the importer carries it out itself: multipliers,
// and its int8 activations as tables (gemmlowp's quantized multiplication; Jacob et al. 2018).
#pragma once

#include <cstdint>
#include <vector>

#include "core/requantize.h"
#include "exchange/grid.h"

namespace coco_mcu::exchange {

/// A real multiplier as TensorFlow Lite has it: multiplier * 2^-31 * 2^-shift.
struct FixedMultiplier {
  std::int32_t multiplier = 0;
  std::int32_t shift = 0;
};

FixedMultiplier fixed_multiplier(double real);

/// MultiplyByQuantizedMultiplier: the rule of core::requantize_twice, without limits.
std::int64_t scaled(const FixedMultiplier& fixed, std::int64_t value);

// Zero points are codes, int8 plus 128.

/// Whether rescaling_table can be made: codes that are multiplied stay within 32 bits.
bool has_rescaling(const Grid& input, const Grid& output);

/// 256 codes: from one grid to the other, within the limits.
std::vector<std::uint8_t> rescaling_table(const Grid& input, const Grid& output,
                                          const core::LayerRequantization& limits);

/// Whether hard_swish_table can be made: TensorFlow Lite takes no output finer than that.
bool has_hard_swish(const Grid& input, const Grid& output);

/// 256 codes: x * relu6(x + 3) / 6 by products of 16 bits.
std::vector<std::uint8_t> hard_swish_table(const Grid& input, const Grid& output);

}  // namespace coco_mcu::exchange
