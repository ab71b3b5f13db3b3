// From real multipliers and offsets to the integers of the requantization rule
// (docs/arithmetic.md, "Requantization").
#pragma once

#include <string_view>
#include <vector>

#include "core/accumulator_range.h"
#include "model/integer_model.h"

namespace coco_mcu::lowering {

/// What a layer computes: code = floor(multiplier * accumulator + offset), clamped to 0..255. One
/// entry of each for every output channel, or one for the whole layer.
struct RealRequantization {
  std::vector<double> multipliers;  // codes for each unit of the accumulator, at least 0
  std::vector<double> offsets;      // codes: bias, zero point and the half that rounds
  std::vector<core::AccumulatorRange> accumulators;
};

/// Multipliers, offsets and shifts, the limits left at 0..255. Of all shifts that keep every
/// intermediate value inside 32 bits it takes those of the smallest error, which is at most 2^-15
/// of the layer's largest |multiplier * accumulator| and half a unit of the stored offset. Offsets
/// so large that no accumulator brings the code inside 0..255 are cut, without any effect. Throws
/// std::invalid_argument naming the layer where there are no such shifts.
model::Requantization requantization(const RealRequantization& real, std::string_view layer);

}  // namespace coco_mcu::lowering
