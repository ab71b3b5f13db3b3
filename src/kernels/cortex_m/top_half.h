// Requantization in one instruction: the upper half of multiplier * sum / 2^32 + offset is the
// code before it is cut to 0..255 (SMMLA). Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/requantize.h"

namespace coco_mcu::kernels::cortex_m {

/// How far a code may lie from the zero point, one of 0..255.
constexpr std::int32_t farthest_code(std::int32_t zero_point) {
  return zero_point < 128 ? 255 - zero_point : zero_point;
}

/// Multiplier and offset of one channel for sums of at most `largest_sum` that stand `sum_shift`
/// bits to the left. False where 32 bits do not hold them.
bool find_top_half(const core::Requantization& rule, std::size_t channel, std::int64_t largest_sum,
                   int sum_shift, std::uint32_t* numbers);

/// The code of a sum as SMMLA makes it: without the layer's limits and table.
std::uint8_t code_before_limits(core::Requantization rule, std::int32_t sum, std::size_t channel);

}  // namespace coco_mcu::kernels::cortex_m
