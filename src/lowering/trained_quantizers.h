// The grids that a network was trained on, as plain values: lowering does not know the training
// library. docs/arithmetic.md, "Fake quantization", has the formulas.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "network/checkpoint_tensor.h"
#include "network/network.h"

namespace coco_mcu::lowering {

/// One fake quantizer of a float checkpoint. Nodes are named, not numbered: a reduced network
/// counts its nodes anew.
struct TrainedQuantizer {
  std::string node;        // "bneck4.depthwise.squeeze_excite.squeeze"
  bool is_weight = false;  // of the node's kernel; else of what the node computes
  int bits = 8;
  bool narrow_range = false;  // without the lowest code: symmetric weights
  float minimum = 0.0F;
  float maximum = 0.0F;

  bool operator==(const TrainedQuantizer&) const = default;
};

using TrainedQuantizers = std::vector<TrainedQuantizer>;

/// The name a checkpoint stores the range under, before ".min" and ".max":
/// "bneck4.depthwise.squeeze_excite.squeeze.weight_quantizer".
std::string stored_name(const TrainedQuantizer& quantizer);

/// The node's quantizer, of its kernel or of what it computes; null where it has none.
const TrainedQuantizer* find_quantizer(const TrainedQuantizers& quantizers, std::string_view node,
                                       bool is_weight);

/// The values that a quantizer can give: low + code * scale.
struct QuantizationGrid {
  float scale = 0.0F;  // 0 for an empty range, which quantizes to zero
  float low = 0.0F;
  float high = 0.0F;
};

QuantizationGrid grid_of(const TrainedQuantizer& quantizer);

/// The grid's value for x, in float32 as it was in training. Monotone in x.
float fake_quantize(float x, const QuantizationGrid& grid);

/// The tensors with every quantized kernel replaced by the values that the trained network computes
/// with. Throws std::invalid_argument where a quantizer's node has no kernel.
network::Tensors effective_weights(const network::Tensors& tensors,
                                   const TrainedQuantizers& quantizers);

}  // namespace coco_mcu::lowering
