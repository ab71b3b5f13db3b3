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

}  // namespace coco_mcu::network
