#include "kernels/cortex_m/top_half.h"

namespace coco_mcu::kernels::cortex_m {

bool find_top_half(const core::Requantization& rule, std::size_t channel, std::int64_t largest_sum,
                   int sum_shift, std::uint32_t* numbers) {
  const std::size_t c = rule.is_uniform ? 0 : channel;
  const int left = 32 - sum_shift + rule.left_shift - rule.shift;
  const int offset_left = 16 + rule.offset_shift - rule.shift;
  if (left < 0 || left > 30 || offset_left < 0) return false;
  constexpr std::int64_t kRange = std::int64_t{1} << 31;
  const std::int64_t multiplier = std::int64_t{rule.multipliers[c]} << left;
  if (multiplier >= kRange) return false;
  const std::int64_t offset = std::int64_t{rule.offsets[c]} * (1 << offset_left);
  numbers[0] = static_cast<std::uint32_t>(multiplier);
  numbers[1] = static_cast<std::uint32_t>(offset);
  return ((largest_sum << sum_shift) * multiplier >> 32) + (offset < 0 ? -offset : offset) <
         kRange - 1;
}

std::uint8_t code_before_limits(core::Requantization rule, std::int32_t sum, std::size_t channel) {
  rule.low = 0;
  rule.high = 255;
  return core::requantize_to_code(rule, sum, channel);
}

}  // namespace coco_mcu::kernels::cortex_m
