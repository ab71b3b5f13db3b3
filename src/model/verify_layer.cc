#include "model/verify_layer.h"

#include <optional>

#include "core/accumulator_range.h"
#include "model/header.h"
#include "model/integer_model_generated.h"
#include "model/view.h"

namespace coco_mcu::model {
namespace {

constexpr int kMaxSide = 8192;
constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 28;
constexpr std::int64_t kInt32Limit = std::int64_t{1} << 31;

constexpr const char* kShape = "shape does not follow from its input's; lower the network again";
constexpr const char* kOutside = "numbers lie outside the file; lower the network again";
constexpr const char* kOverflow = "accumulator could leave 32 bits; lower the network again";

/// One layer of the file with what is needed to check it.
struct Subject {
  const file::Model& model;
  const file::Operator& stored;
  int index;
  OperatorAttributes layer;
  OperatorAttributes inputs[2];
};

bool same_places(const OperatorAttributes& a, const OperatorAttributes& b) {
  return a.height == b.height && a.width == b.width;
}

bool same_shape(const OperatorAttributes& a, const OperatorAttributes& b) {
  return same_places(a, b) && a.channels == b.channels;
}

bool same_codes(const OperatorAttributes& a, const OperatorAttributes& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point;
}

const char* wrong_attributes(const Subject& subject, int layers) {
  const OperatorAttributes& layer = subject.layer;
  if (subject.stored.kind() >= kOperatorKinds) return "kind is unknown; update coco_mcu";
  if (subject.stored.format() > static_cast<std::uint8_t>(core::WeightFormat::kSigned8)) {
    return "weight format is unknown; update coco_mcu";
  }
  if ((layer.kind == OperatorKind::kInput) != (subject.index == 0) ||
      (layer.kind == OperatorKind::kSoftmax) != (subject.index == layers - 1)) {
    return "model does not go from one input to one softmax; lower the network again";
  }
  const auto within = [](int value, int limit) { return value >= 1 && value <= limit; };
  if (!within(layer.height, kMaxSide) || !within(layer.width, kMaxSide) ||
      !within(layer.channels, kMaxSide) || elements(layer) > kMaxElements) {
    return "shape is empty or too large; lower the network again";
  }
  if (!(layer.scale > 0.0F && layer.scale < 1e12F)) return "scale is no positive number";
  if (!within(layer.kernel, 15) || !within(layer.stride, 15) || layer.padding >= layer.kernel) {
    return "window, stride or padding is out of range; lower the network again";
  }
  if (layer.factor > kMaxSide || layer.offset > kMaxSide) {
    return "factor or offset is larger than a tensor can be; lower the network again";
  }
  return layer.factor < 1 ? "factor is zero; lower the network again" : nullptr;
}

const char* wrong_inputs(const Subject& subject) {
  const int given[2] = {subject.stored.first_input(), subject.stored.second_input()};
  for (int i = 0; i < input_count(subject.layer.kind); ++i) {
    if (given[i] >= subject.index) return "reads a layer that comes later; lower the network again";
  }
  return nullptr;
}

/// Whether `count` windows stand along a side of `size` with as many codes of padding behind as
/// before, or as TensorFlow's "same" has it: size / stride rounded up, an odd code behind.
bool are_windows(int count, int size, const OperatorAttributes& layer) {
  const int room = size + 2 * layer.padding - layer.kernel;
  const int even = room < 0 ? 0 : room / layer.stride + 1;
  const int same = (size + layer.stride - 1) / layer.stride;
  const int beyond = (same - 1) * layer.stride + layer.kernel - size;
  return count == even || (count == same && layer.padding == (beyond > 0 ? beyond / 2 : 0));
}

bool covers(const OperatorAttributes& by, const OperatorAttributes& layer) {
  return (layer.height - 1 + layer.offset) / layer.factor < by.height &&
         (layer.width - 1 + layer.offset) / layer.factor < by.width;
}

const char* wrong_shape(const Subject& subject) {
  const OperatorAttributes& layer = subject.layer;
  const OperatorAttributes& x = subject.inputs[0];
  const bool fits_window =
      are_windows(layer.height, x.height, layer) && are_windows(layer.width, x.width, layer);
  const bool same_channels = layer.channels == x.channels;
  bool fits = false;
  switch (layer.kind) {
    case OperatorKind::kInput:
      fits = layer.channels == 3 || layer.channels == 1;
      break;
    case OperatorKind::kConvolution:
      fits = fits_window;
      break;
    case OperatorKind::kDepthwise:
      fits = fits_window && same_channels;
      break;
    case OperatorKind::kMaxPool:
      fits = fits_window && same_channels && !reads_padding(layer, x);
      break;
    case OperatorKind::kGlobalAverage:
      fits = same_channels && layer.height == 1 && layer.width == 1;
      break;
    case OperatorKind::kMultiply:
      fits = same_shape(layer, x) && subject.inputs[1].channels == layer.channels &&
             covers(subject.inputs[1], layer);
      break;
    case OperatorKind::kAdd:
      fits = same_shape(layer, x) && same_shape(layer, subject.inputs[1]);
      break;
    case OperatorKind::kUpsample:
      fits = same_channels && covers(x, layer);
      break;
    case OperatorKind::kLookup:
      fits = same_shape(layer, x);
      break;
    case OperatorKind::kConcatenate:
      fits = same_places(layer, x) && same_places(layer, subject.inputs[1]) &&
             layer.channels == x.channels + subject.inputs[1].channels;
      break;
    case OperatorKind::kSoftmax:
      fits = same_shape(layer, x) && layer.height == 1 && layer.width == 1;
      break;
  }
  return fits ? nullptr : kShape;
}

/// Whether `bytes` from `offset` on lie in the file's numbers, at a multiple of `alignment`.
bool is_stored(const Subject& subject, std::uint32_t offset, std::uint64_t bytes,
               std::uint32_t alignment) {
  return offset % alignment == 0 && offset + bytes <= subject.model.data()->size();
}

std::size_t requantized_channels(const Subject& subject) {
  return subject.stored.uniform() ? 1 : static_cast<std::size_t>(made_channels(subject.layer));
}

/// Whether a stored mask of `channels` bits has `members` of them set and none behind.
bool is_mask(const Subject& subject, std::uint32_t offset, std::int32_t channels,
             std::int32_t members) {
  if (!is_stored(subject, offset, mask_bytes(channels), 1)) return false;
  const std::uint8_t* mask = subject.model.data()->data() + offset;
  std::int32_t found = 0;
  for (std::size_t i = 0; i < 8 * mask_bytes(channels); ++i) {
    if (!is_in_mask(mask, i)) continue;
    if (i >= static_cast<std::size_t>(channels)) return false;
    ++found;
  }
  return found == members;
}

/// Only fully connected layers may leave channels out.
const char* wrong_masks(const Subject& subject) {
  const OperatorAttributes& layer = subject.layer;
  const OperatorAttributes& input = subject.inputs[0];
  if (layer.read_channels == 0 && layer.made_channels == 0) return nullptr;
  const bool is_fully_connected = layer.kind == OperatorKind::kConvolution && layer.kernel == 1 &&
                                  layer.padding == 0 && input.height == 1 && input.width == 1;
  if (!is_fully_connected) return "leaves channels out without being fully connected";
  if (layer.read_channels != 0 &&
      !is_mask(subject, subject.stored.read_mask_at(), input.channels, layer.read_channels)) {
    return "mask does not fit the channels that are read; lower the network again";
  }
  if (layer.made_channels == 0) return nullptr;
  if (!is_mask(subject, subject.stored.made_mask_at(), layer.channels, layer.made_channels)) {
    return "mask does not fit the channels that are computed; lower the network again";
  }
  const auto constants = static_cast<std::uint64_t>(layer.channels - layer.made_channels);
  return is_stored(subject, subject.stored.constants_at(), constants, 1) ? nullptr : kOutside;
}

const char* wrong_references(const Subject& subject) {
  const file::Operator& stored = subject.stored;
  const OperatorAttributes& layer = subject.layer;
  const std::uint64_t channels = requantized_channels(subject);
  const std::uint64_t rule_bytes = stored.twice()
                                       ? core::kTwiceNumbers * sizeof(std::int32_t) * channels
                                       : 2 * sizeof(std::int16_t) * channels;
  const std::uint32_t alignment = stored.twice() ? alignof(std::int32_t) : alignof(std::int16_t);
  if (is_requantized(layer.kind) &&
      !is_stored(subject, stored.requantization_at(), rule_bytes, alignment)) {
    return kOutside;
  }
  const std::uint64_t weight_bytes = packed_weight_bytes(layer, subject.inputs[0]);
  if (!is_stored(subject, stored.weights_at(), weight_bytes, kAlignment)) return kOutside;
  for (const std::uint32_t table_at : {stored.table_at(), stored.second_table_at()}) {
    if (table_at != kNoTable && !is_stored(subject, table_at, 256, 1)) return kOutside;
  }
  if (layer.kind == OperatorKind::kLookup && stored.table_at() == kNoTable) {
    return "lookup has no table; lower the network again";
  }
  const bool is_softmax = layer.kind == OperatorKind::kSoftmax;
  if (is_softmax && !is_stored(subject, stored.exponentials_at(), 512, 2)) return kOutside;
  return nullptr;
}

std::int64_t magnitude(std::int64_t value) {
  return value < 0 ? -value : value;
}

/// Of output channel `channel` of a layer with weights; nothing where a weight's code has no
/// meaning.
std::optional<core::AccumulatorRange> convolution_range(const Subject& subject,
                                                        std::size_t channel) {
  constexpr std::size_t kChunk = 256;  // weights that are whole bytes in every format
  const core::WeightFormat format = subject.layer.format;
  const std::size_t count = window_weights(subject.layer, subject.inputs[0]);
  const std::uint8_t* row = subject.model.data()->data() + subject.stored.weights_at() +
                            channel * core::packed_row_bytes(format, count);
  std::int64_t positive = 0;
  std::int64_t negative = 0;
  std::int64_t largest = 0;
  for (std::size_t i = 0; i < count; i += kChunk) {
    std::int8_t weights[kChunk];
    const std::size_t size = count - i < kChunk ? count - i : kChunk;
    core::unpack_weights(format, row + core::packed_row_bytes(format, i), size, weights);
    for (std::size_t k = 0; k < size; ++k) {
      const int weight = weights[k];
      (weight < 0 ? negative : positive) += weight;
      largest = magnitude(weight) > largest ? magnitude(weight) : largest;
    }
  }
  if (largest > core::weight_magnitude(format)) return std::nullopt;
  return core::weighted_range(positive, negative, subject.inputs[0].zero_point);
}

/// The same for any kind that is requantized.
std::optional<core::AccumulatorRange> accumulator_range(const Subject& subject,
                                                        std::size_t channel) {
  const OperatorAttributes& layer = subject.layer;
  const OperatorAttributes& x = subject.inputs[0];
  const OperatorAttributes& y = subject.inputs[1];
  switch (layer.kind) {
    case OperatorKind::kGlobalAverage:
      return core::weighted_range(std::int64_t{1} * x.height * x.width, x.zero_point);
    case OperatorKind::kMultiply:
      return core::product_range(x.zero_point, y.zero_point);
    case OperatorKind::kAdd:
      return core::weighted_range(layer.factors[0], x.zero_point) +
             core::weighted_range(layer.factors[1], y.zero_point);
    default:
      return convolution_range(subject, channel);
  }
}

/// The contract of requantize_twice for one channel.
const char* wrong_twice(const core::Requantization& rule, std::int64_t bound, std::size_t channel) {
  const std::int32_t* numbers = rule.twice + core::kTwiceNumbers * channel;
  const std::int32_t shift = numbers[2];
  if (numbers[0] < 0 || shift < -31 || shift > 31) {
    return "requantization is out of range; import the model again";
  }
  const std::int64_t reach = bound + magnitude(numbers[1]);
  if (bound >= kInt32Limit || reach >= kInt32Limit) return kOverflow;
  return reach << (shift < 0 ? -shift : 0) >= kInt32Limit ? kOverflow : nullptr;
}

/// The contract of core/requantize.h for one channel.
const char* wrong_rule(const core::Requantization& rule, std::int64_t bound, std::size_t channel) {
  if (rule.twice != nullptr) return wrong_twice(rule, bound, channel);
  const std::int64_t multiplier = rule.multipliers[channel];
  if (multiplier < 0) return "has a negative multiplier; lower the network again";
  const std::int64_t shifted = bound << rule.left_shift;
  if (bound >= kInt32Limit || shifted >= kInt32Limit) return kOverflow;
  const std::int64_t offset =
      std::int64_t{rule.offsets[channel]} * (std::int64_t{1} << rule.offset_shift);
  const std::int64_t scaled = ((shifted * multiplier) >> 16) + 1;
  return scaled + magnitude(offset) >= kInt32Limit ? kOverflow : nullptr;
}

const char* wrong_requantization(const Subject& subject, const View& view) {
  if (!is_requantized(subject.layer.kind)) return nullptr;
  const core::Requantization rule = view.layer(subject.index).requantization;
  if (rule.shift > 31 || rule.left_shift > 31 || rule.offset_shift > rule.shift ||
      rule.low > rule.high) {
    return "requantization is out of range; lower the network again";
  }
  const bool is_whole = subject.layer.made_channels == 0;
  const bool has_zero = subject.layer.zero_point >= 0 && subject.layer.zero_point <= 255;
  const bool is_one_for_all = has_weights(subject.layer.kind) && rule.is_uniform;
  if (rule.twice != nullptr && (is_one_for_all || !is_whole || !has_zero)) {
    return "cannot be requantized as imported layers are; import the model again";
  }
  if (!has_weights(subject.layer.kind) && !rule.is_uniform) {
    return "has a requantization for each channel where one is due; lower the network again";
  }
  const auto channels =
      has_weights(subject.layer.kind) ? static_cast<std::size_t>(made_channels(subject.layer)) : 1;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const auto range = accumulator_range(subject, channel);
    if (!range) return "has a weight code without meaning; lower the network again";
    const char* reason = wrong_rule(rule, range->reach(), rule.is_uniform ? 0 : channel);
    if (reason != nullptr) return reason;
  }
  return nullptr;
}

const char* wrong_numbers(const Subject& subject, const View& view) {
  const OperatorAttributes& layer = subject.layer;
  const int zero_point = subject.inputs[0].zero_point;
  if (has_weights(layer.kind) && reads_padding(layer, subject.inputs[0]) &&
      (zero_point < 0 || zero_point > 255)) {
    return "pads with a zero point that is no code; lower the network again";
  }
  if (layer.kind == OperatorKind::kSoftmax && view.layer(subject.index).exponentials[0] != 0xFFFF) {
    return "softmax table does not begin with 1; lower the network again";
  }
  if (layer.kind == OperatorKind::kConcatenate) {
    const file::Operator& stored = subject.stored;
    const bool first_fits = stored.table_at() != kNoTable || same_codes(layer, subject.inputs[0]);
    const bool second_fits =
        stored.second_table_at() != kNoTable || same_codes(layer, subject.inputs[1]);
    if (!first_fits || !second_fits) {
      return "joins codes of different scales without a table; lower the network again";
    }
  }
  return wrong_requantization(subject, view);
}

}  // namespace

Refusal verify_layers(const file::Model& model) {
  const auto layers = static_cast<int>(model.operators()->size());
  const View view(model);
  for (int i = 0; i < layers; ++i) {
    const file::Operator& stored = *model.operators()->Get(static_cast<flatbuffers::uoffset_t>(i));
    Subject subject = {model, stored, i, attributes_of(stored), {}};
    const char* reason = wrong_attributes(subject, layers);
    if (reason == nullptr) reason = wrong_inputs(subject);
    if (reason == nullptr) {
      const auto input = [&](std::uint16_t index) {
        return attributes_of(*model.operators()->Get(index));
      };
      if (input_count(subject.layer.kind) > 0) subject.inputs[0] = input(stored.first_input());
      if (input_count(subject.layer.kind) > 1) subject.inputs[1] = input(stored.second_input());
      reason = wrong_shape(subject);
    }
    if (reason == nullptr) reason = wrong_masks(subject);
    if (reason == nullptr) reason = wrong_references(subject);
    if (reason == nullptr) reason = wrong_numbers(subject, view);
    if (reason != nullptr) return {reason, i};
  }
  return {};
}

}  // namespace coco_mcu::model
