// The distribution of one tensor's values, in bounded memory however many pictures it has seen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lowering/ranges.h"

namespace coco_mcu::lowering {

/// Counts values in bins that are equally wide on both sides of zero. Their width is a power of
/// two; where a value lies outside, neighbours are merged until it fits. The counts do not depend
/// on the order of the values. Zeros, of which a relu makes many, are counted apart: every grid has
/// them exactly.
class Histogram {
 public:
  Histogram();

  /// Throws std::invalid_argument where a value is not finite.
  void add(std::span<const float> values);

  /// The smallest and the largest value; [0, 0] before there are any.
  Range extremes() const { return extremes_; }
  /// The range that leaves a share of (1 - share) / 2 of the values outside on each side, never
  /// wider than the extremes, always with 0. `share` is 0.9999 for the 99.99th percentile.
  Range percentile(double share) const;
  /// The range whose grid of 256 codes has the least expected squared error: scale^2 / 12 for a
  /// value inside, the squared distance for one outside.
  Range least_squared_error() const;

 private:
  void widen(double magnitude);
  double center(std::size_t bin) const;

  std::vector<std::int64_t> bins_;
  double width_ = 0.0;  // of a bin; 0 before there is a value but 0
  std::int64_t zeros_ = 0;
  Range extremes_;
  bool is_empty_ = true;
};

}  // namespace coco_mcu::lowering
