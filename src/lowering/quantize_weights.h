// From real weights to the integers of a weight format, one output channel at a time
// (docs/arithmetic.md, "Weights").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/weight_format.h"

namespace coco_mcu::lowering {

/// The weights of one output channel: weights[i] * scale.
struct QuantizedRow {
  double scale = 0.0;                // at least 0
  std::vector<std::int8_t> weights;  // integers that the format knows

  double value(std::size_t index) const { return scale * weights[index]; }
};

/// Quantizes a channel by itself. Weights that stand on a grid of the format are met exactly;
/// others with the least squared error: at 2 bits the optimum over all scales (for three levels Li
/// & Liu 2016, "Ternary weight networks"), at 4 bits the best of a scan over clipped ranges, at 8
/// bits the symmetric grid of the largest weight. -128 is not used. A row of zeros has scale 0.
/// Weights that a learned step put onto levels get these levels and that step back; where the
/// levels of a channel share a divisor, they are divided by it and the scale is that much larger.
QuantizedRow quantize_row(std::span<const float> weights, core::WeightFormat format);

/// Whether the integers stand for the very weights, to float rounding.
bool is_exact(const QuantizedRow& row, std::span<const float> weights);

/// The narrowest format that holds every row exactly, to float rounding: where training has put the
/// weights onto a grid. Ternary where a row has no more than the values -a, 0 and a. Rows follow
/// each other, `row_size` weights each.
std::optional<core::WeightFormat> exact_format(std::span<const float> weights,
                                               std::size_t row_size);

/// Packs integer weights; see core/weight_format.h.
std::vector<std::uint8_t> pack_row(const QuantizedRow& row, core::WeightFormat format);

}  // namespace coco_mcu::lowering
