// Requantization in one instruction: the upper half of multiplier * sum / 2^32 + offset is the
// code before it is cut to 0..255 (SMMLA). Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

#include <arm_acle.h>

#include "core/requantize.h"
#include "kernels/cortex_m/cortex_m.h"

namespace coco_mcu::kernels::cortex_m {

/// How far a code may lie from the zero point, one of 0..255.
constexpr std::int32_t farthest_code(std::int32_t zero_point) {
  return zero_point < 128 ? 255 - zero_point : zero_point;
}

/// Words behind the numbers of four channels, and all of them.
constexpr std::size_t kLimits = 2;
constexpr std::size_t kNumbers = 8 + kLimits;

/// The numbers of a layer's channels for that instruction.
class TopHalf {
 public:
  /// For sums of at most `largest_sum` that stand `sum_shift` bits to the left.
  TopHalf(const core::Requantization& rule, std::int32_t largest_sum, int sum_shift);

  /// Multiplier and offset of a channel; they make codes less the lower limit. False where 32 bits
  /// do not hold them or what they give.
  bool find(std::size_t channel, std::uint32_t* numbers) const {
    const std::size_t c = channel * stride_;
    const std::int32_t multiplier = multipliers_[c];
    const std::int32_t offset = offsets_[c];
    numbers[0] = static_cast<std::uint32_t>(multiplier) << left_;
    numbers[1] = (static_cast<std::uint32_t>(offset) << offset_left_) - (limits_.low << 16U);
    return ((most_multiplier_ - multiplier) | (most_offset_ - offset) | (most_offset_ + offset)) >=
           0;
  }

  /// What makes codes less the lower limit codes within the limits: `add` and `subtract` of Limits.
  void find_limits(std::uint32_t* numbers) const {
    numbers[0] = limits_.add;
    numbers[1] = limits_.subtract;
  }

  /// Channels first, first + 2, first + 1, first + 3, the order in which codes are packed, and
  /// limits.
  bool find_four(std::size_t first, std::uint32_t* numbers) const {
    constexpr std::size_t kOrder[4] = {0, 2, 1, 3};
    bool fits = true;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) fits &= find(first + kOrder[i], numbers + 2 * i);
    find_limits(numbers + 8);
    return fits;
  }

 private:
  const std::int16_t* multipliers_;
  const std::int16_t* offsets_;
  std::size_t stride_;  // from channel to channel
  int left_;
  int offset_left_;
  Limits limits_;
  std::int32_t most_multiplier_ = -1;
  std::int32_t most_offset_ = 0;
};

/// The code of a sum that those numbers cannot hold, before the layer's table.
inline std::uint8_t code_before_table(const core::Requantization& rule, std::int32_t sum,
                                      std::size_t channel) {
  const std::size_t c = rule.is_uniform ? 0 : channel;
  const auto shifted =
      static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) << rule.left_shift);
  const std::int32_t offset = rule.offsets[c] * (1 << rule.offset_shift);
  const std::uint32_t code =
      __usat(__smlawb(shifted, rule.multipliers[c], offset) >> rule.shift, 8);
  if (code < rule.low) return rule.low;
  return code > rule.high ? rule.high : static_cast<std::uint8_t>(code);
}

}  // namespace coco_mcu::kernels::cortex_m
