// What the accumulators of a layer can become: bounds that lowering keeps and loading checks
// (docs/arithmetic.md, "Accumulators"). Freestanding.
#pragma once

#include <cstdint>

namespace coco_mcu::core {

constexpr std::int64_t kLargestCode = 255;

/// Holds every value of an accumulator, those on the way to its end included.
struct AccumulatorRange {
  std::int64_t lowest = 0;   // at most 0
  std::int64_t highest = 0;  // at least 0

  /// The largest magnitude.
  constexpr std::int64_t reach() const { return -lowest > highest ? -lowest : highest; }

  constexpr AccumulatorRange operator+(const AccumulatorRange& other) const {
    return {lowest + other.lowest, highest + other.highest};
  }
};

/// Of a sum of (code - zero_point) * weight, `positive` being the sum of the weights above zero and
/// `negative` that of those below.
constexpr AccumulatorRange weighted_range(std::int64_t positive, std::int64_t negative,
                                          std::int64_t zero_point) {
  const std::int64_t above = zero_point < kLargestCode ? kLargestCode - zero_point : 0;
  const std::int64_t below = zero_point > 0 ? zero_point : 0;
  return {negative * above - positive * below, positive * above - negative * below};
}

/// The same with one weight.
constexpr AccumulatorRange weighted_range(std::int64_t weight, std::int64_t zero_point) {
  return weight < 0 ? weighted_range(0, weight, zero_point) : weighted_range(weight, 0, zero_point);
}

/// Of (x - x_zero_point) * (y - y_zero_point).
constexpr AccumulatorRange product_range(std::int64_t x_zero_point, std::int64_t y_zero_point) {
  const AccumulatorRange lowest_y = weighted_range(-y_zero_point, x_zero_point);
  const AccumulatorRange highest_y = weighted_range(kLargestCode - y_zero_point, x_zero_point);
  return {lowest_y.lowest < highest_y.lowest ? lowest_y.lowest : highest_y.lowest,
          lowest_y.highest > highest_y.highest ? lowest_y.highest : highest_y.highest};
}

}  // namespace coco_mcu::core
