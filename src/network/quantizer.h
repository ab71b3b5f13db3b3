// Which tensors of a float network are quantized while it trains, and how: part of a checkpoint, so
// that whoever opens it computes what training computed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/weight_format.h"
#include "network/checkpoint_tensor.h"

namespace coco_mcu::network {

enum class QuantizedTensor {
  kWeight,  // a convolution's kernel
  kOutput,  // what a node computes
};

enum class QuantizerKind {
  /// Weights on a grid of `format` with one step for each output channel, learned (LSQ, Esser et
  /// al. 2020): tensor NODE.weight_quantizer.step [channels].
  kLearnedStep,
  /// 256 codes over a range that is learned: scalars NODE.output_quantizer.min, .max.
  kLearnedRange,
  /// 256 codes over a range that follows from what the tensor is (pixels, gates, masks): the same
  /// two scalars, never changed.
  kFixedRange,
  /// tf.contrib.quantize's of 2019: minimum and maximum of the last tensor (weights) or their
  /// moving average (outputs) at `bits`, the same two scalars.
  kTrackedRange,
};

struct Quantizer {
  std::string node;  // "bneck4.depthwise.conv": its name, as reduced networks count anew
  QuantizedTensor tensor = QuantizedTensor::kOutput;
  QuantizerKind kind = QuantizerKind::kLearnedRange;
  core::WeightFormat format = core::WeightFormat::kSigned8;  // kLearnedStep
  int bits = 8;                                              // kTrackedRange
  bool narrow_range = false;  // kTrackedRange: without the lowest code

  bool operator==(const Quantizer&) const = default;
};

using Quantizers = std::vector<Quantizer>;

/// "bneck4.expand.conv.weight_quantizer": stands before ".step", ".min" and ".max".
std::string quantizer_name(const Quantizer& quantizer);

/// The node's quantizer of that tensor; null where it has none.
const Quantizer* find_quantizer(const Quantizers& quantizers, const std::string& node,
                                QuantizedTensor tensor);

/// What a quantizer keeps in the checkpoint; `channels` are those of the node's output.
std::vector<NamedShape> tensors_of(const Quantizer& quantizer, std::int64_t channels);

/// An activation that becomes codes in the integer engine.
struct ActivationSite {
  std::string node;       // whose output it is
  bool is_fixed = false;  // its grid follows from what it is: minimum and maximum say it
  /// Of a fixed one: the values of codes 0 and 255. A fixed quantizer takes them as they stand, not
  /// nudged: a mask of 1..2 has no code for zero.
  double minimum = 0.0;
  double maximum = 0.0;
};

/// A kernel that becomes codes of a weight format.
struct WeightSite {
  std::string node;   // of the convolution: "bneck4.depthwise.conv"
  std::string layer;  // the operator's name, as --policy takes it: "bneck4.depthwise"
  bool is_depthwise = false;
  bool is_first = false;  // reads the picture
  bool is_last = false;   // makes the logits
};

/// Where the integer engine quantizes: training quantizes there and nowhere else.
struct QuantizationSites {
  std::vector<ActivationSite> activations;  // in the order of the nodes
  std::vector<WeightSite> weights;          // likewise
};

}  // namespace coco_mcu::network
