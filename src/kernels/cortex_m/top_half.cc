#include "kernels/cortex_m/top_half.h"

namespace coco_mcu::kernels::cortex_m {

namespace {

/// What a product, an offset and a lower limit may add to 2^31: codes are 2^16 apart, few offsets
/// are beyond 2047.
constexpr std::uint32_t kMostOffset = 1U << 27U;
constexpr std::uint32_t kMostLimit = 255U << 16U;
constexpr std::uint32_t kMostProduct = (1U << 31U) - kMostOffset - kMostLimit - 1;

/// `number` times a power of two, rounded down, at most 2^30.
std::uint32_t scaled(std::uint32_t number, int left) {
  constexpr std::uint32_t kMost = 1U << 30U;
  if (left <= 0) return left <= -32 ? 0 : number >> -left;
  return left >= 30 || number >= kMost >> left ? kMost : number << left;
}

}  // namespace

TopHalf::TopHalf(const core::Requantization& rule, std::int32_t largest_sum, int sum_shift)
    : multipliers_(rule.multipliers),
      offsets_(rule.offsets),
      stride_(rule.is_uniform ? 0 : 1),
      left_(32 - sum_shift + rule.left_shift - rule.shift),
      offset_left_(16 + rule.offset_shift - rule.shift),
      limits_(rule) {
  if (left_ < 0 || left_ > 30 || offset_left_ < 0) {
    left_ = 0;
    offset_left_ = 0;
    return;
  }
  const std::uint32_t of_product =
      scaled(kMostProduct / static_cast<std::uint32_t>(largest_sum), rule.shift - rule.left_shift);
  const std::uint32_t of_word = (1U << (31 - left_)) - 1;
  most_multiplier_ = static_cast<std::int32_t>(of_product < of_word ? of_product : of_word);
  most_offset_ = static_cast<std::int32_t>(scaled(kMostOffset, -offset_left_));
}

}  // namespace coco_mcu::kernels::cortex_m
