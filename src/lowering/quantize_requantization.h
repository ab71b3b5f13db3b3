// From real multipliers and offsets to the integers of the requantization rule
// (docs/arithmetic.md, "Requantization").
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/integer_model.h"

namespace coco_mcu::lowering {

/// Every value an accumulator can have.
struct AccumulatorRange {
  std::int64_t lowest = 0;
  std::int64_t highest = 0;

  /// Bounds its magnitude; of a convolution 255 times the sum of its weights' magnitudes, which is
  /// what loading a model checks.
  std::int64_t reach() const {
    return std::max<std::int64_t>(highest, 0) - std::min<std::int64_t>(lowest, 0);
  }
};

/// What a layer computes: code = floor(multiplier * accumulator + offset), clamped to 0..255. One
/// entry of each for every output channel, or one for the whole layer.
struct RealRequantization {
  std::vector<double> multipliers;  // codes for each unit of the accumulator, at least 0
  std::vector<double> offsets;      // codes: bias, zero points and the half that rounds
  std::vector<AccumulatorRange> accumulators;
};

/// Multipliers, offsets and shifts, the limits left at 0..255. Of all shifts that keep every
/// intermediate value inside 32 bits it takes those of the smallest error, which is at most 2^-15
/// of the layer's largest |multiplier * accumulator| and half a unit of the stored offset. Offsets
/// so large that no accumulator brings the code inside 0..255 are cut, without any effect. Throws
/// std::invalid_argument naming the layer where there are no such shifts.
model::Requantization requantization(const RealRequantization& real, std::string_view layer);

}  // namespace coco_mcu::lowering
