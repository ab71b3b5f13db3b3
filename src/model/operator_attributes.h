// What is said about one layer in numbers, the same while a model is built and when its file is
// read in place, and what follows from them. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/weight_format.h"
#include "model/operator_kind.h"

namespace coco_mcu::model {

/// Fields that a layer's kind does not name stay at their defaults.
struct OperatorAttributes {
  OperatorKind kind = OperatorKind::kInput;

  // The output tensor; softmax has uint16 probabilities instead of codes.
  std::int32_t height = 0;
  std::int32_t width = 0;
  std::int32_t channels = 0;
  float scale = 1.0F;           // real number per code
  std::int32_t zero_point = 0;  // the code of 0; of a tensor that is padded within 0..255

  // Windows: convolution, depthwise, max-pool (padding 0).
  std::int32_t kernel = 1;
  std::int32_t stride = 1;
  /// Rows above and columns to the left of the input that are its zero point; below and to the
  /// right as many as the last windows reach into.
  std::int32_t padding = 0;

  // Convolution and depthwise.
  core::WeightFormat format = core::WeightFormat::kSigned8;

  // Fully connected layers, that is convolutions of a 1x1 tensor: how many channels of the input
  // have weights, and how many of the output are computed, the others being constant. 0 stands for
  // all.
  std::int32_t read_channels = 0;
  std::int32_t made_channels = 0;

  // Add: factors of the two inputs' codes.
  std::int16_t factors[2] = {1, 1};

  // Upsample: its input is read at (i + offset) / factor. Multiply: its second input is.
  std::int32_t factor = 1;
  std::int32_t offset = 0;

  bool operator==(const OperatorAttributes&) const = default;
};

constexpr bool has_weights(OperatorKind kind) {
  return kind == OperatorKind::kConvolution || kind == OperatorKind::kDepthwise;
}

/// Kinds whose accumulators are requantized.
constexpr bool is_requantized(OperatorKind kind) {
  return has_weights(kind) || kind == OperatorKind::kGlobalAverage ||
         kind == OperatorKind::kMultiply || kind == OperatorKind::kAdd;
}

/// How many tensors a layer of this kind reads.
constexpr int input_count(OperatorKind kind) {
  if (kind == OperatorKind::kInput) return 0;
  const bool joins = kind == OperatorKind::kMultiply || kind == OperatorKind::kAdd ||
                     kind == OperatorKind::kConcatenate;
  return joins ? 2 : 1;
}

/// Whether a layer of this kind may write its output over its input number `input`.
constexpr bool may_overwrite(OperatorKind kind, int input) {
  return kind == OperatorKind::kAdd || kind == OperatorKind::kLookup ||
         (kind == OperatorKind::kMultiply && input == 0);
}

constexpr std::size_t elements(const OperatorAttributes& layer) {
  return static_cast<std::size_t>(layer.height) * static_cast<std::size_t>(layer.width) *
         static_cast<std::size_t>(layer.channels);
}

/// Bytes of the output tensor.
constexpr std::size_t tensor_bytes(const OperatorAttributes& layer) {
  return elements(layer) * (layer.kind == OperatorKind::kSoftmax ? 2 : 1);
}

/// Whether a window of a layer with weights reaches beyond its input, into padding.
constexpr bool reads_padding(const OperatorAttributes& layer, const OperatorAttributes& input) {
  const std::int32_t end = layer.kernel - layer.padding;
  return layer.padding > 0 || (layer.height - 1) * layer.stride + end > input.height ||
         (layer.width - 1) * layer.stride + end > input.width;
}

/// Output channels that are computed.
constexpr std::int32_t made_channels(const OperatorAttributes& layer) {
  return layer.made_channels == 0 ? layer.channels : layer.made_channels;
}

/// Input channels that are read.
constexpr std::int32_t read_channels(const OperatorAttributes& layer,
                                     const OperatorAttributes& input) {
  return layer.read_channels == 0 ? input.channels : layer.read_channels;
}

/// Bytes of a mask with one bit for each of `channels` channels.
constexpr std::size_t mask_bytes(std::int32_t channels) {
  return (static_cast<std::size_t>(channels) + 7) / 8;
}

/// Whether a mask has channel `channel`; the first stands in the lowest bit.
constexpr bool is_in_mask(const std::uint8_t* mask, std::size_t channel) {
  return ((mask[channel / 8] >> (channel % 8)) & 1U) != 0;
}

/// Weights of one output channel; `input` is the layer whose tensor is read.
constexpr std::size_t window_weights(const OperatorAttributes& layer,
                                     const OperatorAttributes& input) {
  const std::size_t window =
      static_cast<std::size_t>(layer.kernel) * static_cast<std::size_t>(layer.kernel);
  return layer.kind == OperatorKind::kDepthwise
             ? window
             : window * static_cast<std::size_t>(read_channels(layer, input));
}

/// Number of weights; 0 for kinds without.
constexpr std::size_t weight_count(const OperatorAttributes& layer,
                                   const OperatorAttributes& input) {
  return has_weights(layer.kind)
             ? static_cast<std::size_t>(made_channels(layer)) * window_weights(layer, input)
             : 0;
}

/// Bytes of the packed weights.
constexpr std::size_t packed_weight_bytes(const OperatorAttributes& layer,
                                          const OperatorAttributes& input) {
  return has_weights(layer.kind)
             ? static_cast<std::size_t>(made_channels(layer)) *
                   core::packed_row_bytes(layer.format, window_weights(layer, input))
             : 0;
}

/// Multiply-accumulates of convolutions, padding included, as network::cost counts them.
constexpr std::size_t macs(const OperatorAttributes& layer, const OperatorAttributes& input) {
  return weight_count(layer, input) * static_cast<std::size_t>(layer.height) *
         static_cast<std::size_t>(layer.width);
}

/// The part of the scratch, at its beginning, where a layer that does not read every channel
/// gathers those it reads. A multiple of 16.
constexpr std::size_t gathered_bytes(const OperatorAttributes& layer) {
  return (static_cast<std::size_t>(layer.read_channels) + 15) / 16 * 16;
}

/// Scratch that a plan keeps in the arena while the layer runs, enough for the reference kernels:
/// convolutions unpack one output channel's weights, averages hold one int32 sum for each channel.
constexpr std::size_t scratch_bytes(const OperatorAttributes& layer,
                                    const OperatorAttributes& input) {
  if (has_weights(layer.kind)) return gathered_bytes(layer) + window_weights(layer, input);
  return layer.kind == OperatorKind::kGlobalAverage
             ? sizeof(std::int32_t) * static_cast<std::size_t>(layer.channels)
             : 0;
}

}  // namespace coco_mcu::model
