// The grids that a network was trained on: the quantizers of a checkpoint with what they learned.
// docs/arithmetic.md, "Fake quantization", has the formulas.
#pragma once

#include <string_view>
#include <vector>

#include "network/checkpoint_tensor.h"
#include "network/quantizer.h"

namespace coco_mcu::lowering {

/// Nodes are named, not numbered: a reduced network counts its nodes anew.
struct TrainedQuantizer {
  network::Quantizer quantizer{};
  float minimum = 0.0F;  // of a range
  float maximum = 0.0F;
  std::vector<float> steps{};  // kLearnedStep: of each output channel

  bool operator==(const TrainedQuantizer&) const = default;
};

using TrainedQuantizers = std::vector<TrainedQuantizer>;

/// What a checkpoint says and holds of its quantizers. Throws std::invalid_argument naming the
/// tensor that is missing, or that is no range or no steps.
TrainedQuantizers trained_quantizers(const network::Quantizers& quantizers,
                                     const network::Tensors& tensors);

/// The node's quantizer, of its kernel or of what it computes; null where it has none.
const TrainedQuantizer* find_quantizer(const TrainedQuantizers& quantizers, std::string_view node,
                                       network::QuantizedTensor tensor);

/// The values that a quantizer with a range can give: low + code * scale.
struct QuantizationGrid {
  float scale = 0.0F;  // 0 for an empty range, which quantizes to zero
  float low = 0.0F;
  float high = 0.0F;
  float inverse = 0.0F;  // codes for each unit: 255 itself for a gate of 0..1, so that one half is
                         // the tie that it is in the integers
};

/// The grid of a quantizer that has a range. A fixed range is its grid's two ends as they stand;
/// others are nudged so that zero is one of the values.
QuantizationGrid grid_of(const TrainedQuantizer& quantizer);

/// The scale of a learned range without float32's rounding of it: what evaluation in doubles and
/// the integers go by.
double precise_scale(const TrainedQuantizer& quantizer);

/// The grid's value for x, in float32 as it was in training. Monotone in x.
float fake_quantize(float x, const QuantizationGrid& grid);

/// The value that a learned step gives a weight, in float32 as it was in training.
float step_quantize(float weight, float step, core::WeightFormat format);

/// The tensors with every quantized kernel replaced by the values that the trained network computes
/// with. Throws std::invalid_argument where a quantizer's node has no kernel, or another number of
/// output channels than there are steps.
network::Tensors effective_weights(const network::Tensors& tensors,
                                   const TrainedQuantizers& quantizers);

}  // namespace coco_mcu::lowering
