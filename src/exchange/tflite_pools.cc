#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "exchange/tflite_arithmetic.h"
#include "exchange/tflite_layers.h"

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

constexpr int kMostAveraged = 4096;  // pixels
constexpr int kMostWindow = 15;      // rows
constexpr std::uint8_t kOne = 129;   // the code of the 8-bit weight 1

/// The sum of (code - zero point) by `count`, rounded to nearest, by the project's own rule:
/// exact for each sum that there is, but that halves of negative int8 averages, which TensorFlow
/// Lite rounds down, go up.
model::Requantization average_rule(const TfliteScope& scope, int count, int zero_point) {
  if (count > kMostAveraged) scope.refuse(fmt::format("averages {} pixels, too many", count));
  constexpr int kShift = 8;
  constexpr int kOffsetShift = 1;
  model::Requantization rule;
  rule.shift = kShift;
  rule.offset_shift = kOffsetShift;
  double multiplier = std::ldexp(1.0 / count, 16 + kShift);
  for (; multiplier > 32767.0; multiplier /= 2.0) ++rule.left_shift;
  rule.multipliers = {static_cast<std::int16_t>(std::lround(multiplier))};
  const int half_more = 2 * zero_point + 1;  // in halves of a code
  rule.offsets = {static_cast<std::int16_t>(half_more << (kShift - kOffsetShift - 1))};
  for (std::int64_t sum = 0; sum <= 255LL * count; ++sum) {
    const std::int64_t nearest = (2 * sum + count) / (2 * count);
    const auto accumulator = static_cast<std::int32_t>(sum - std::int64_t{zero_point} * count);
    if (core::requantize(rule.view(), accumulator, 0) != nearest) {
      scope.refuse(fmt::format("averages {} pixels, too many to be exact", count));
    }
  }
  return rule;
}

bool is_one_pixel(const Operator& layer, const Operator& input) {
  return layer.height == 1 && layer.width == 1 && layer.channels == input.channels;
}

bool has_codes_of(const Operator& layer, const Operator& input) {
  return layer.scale == input.scale && layer.zero_point == input.zero_point;
}

/// Whether all windows lie inside the input.
bool stays_inside(const Operator& layer, const Operator& input) {
  return layer.kernel >= 1 && layer.kernel <= kMostWindow && layer.channels == input.channels &&
         (layer.height - 1) * layer.stride + layer.kernel <= input.height &&
         (layer.width - 1) * layer.stride + layer.kernel <= input.width;
}

/// A depthwise layer whose weights are all 1.
void make_depthwise(Operator& layer, const model::Requantization& rule) {
  const auto channels = static_cast<std::size_t>(layer.channels);
  const auto window =
      static_cast<std::size_t>(layer.kernel) * static_cast<std::size_t>(layer.kernel);
  layer.kind = OperatorKind::kDepthwise;
  layer.format = core::WeightFormat::kSigned8;
  layer.weights.assign(channels * window, kOne);
  layer.requantization = rule;
  layer.requantization.multipliers.assign(channels, rule.multipliers[0]);
  layer.requantization.offsets.assign(channels, rule.offsets[0]);
}

/// TensorFlow Lite's QuantizedMeanOrSum: the multiplier of the scales divided by the count, with as
/// many bits more before.
FixedMultiplier mean_multiplier(const Operator& input, const Operator& output, int count) {
  const FixedMultiplier scales = fixed_multiplier(double{input.scale} / double{output.scale});
  const int bits = std::min(static_cast<int>(std::bit_width(static_cast<unsigned>(count))) - 1,
                            31 - scales.shift);
  const std::int64_t widened = std::int64_t{scales.multiplier} << std::max(bits, 0);
  return {static_cast<std::int32_t>(widened / count), scales.shift + std::max(bits, 0)};
}

}  // namespace

void take_tflite_average(TfliteScope& scope, const TfliteOperator& op) {
  const int from = scope.source(op);
  const Operator& input = scope.layer(from);
  Operator layer = scope.layer_for(OperatorKind::kGlobalAverage, op.output, {from});
  if (!has_codes_of(layer, input)) scope.refuse("averages to another scale");
  const bool is_whole = op.filter_height == input.height && op.filter_width == input.width &&
                        is_one_pixel(layer, input);
  if (is_whole) {
    layer.requantization = average_rule(scope, input.height * input.width, input.zero_point);
  } else {
    layer.kernel = op.filter_height;
    layer.stride = op.stride;
    if (op.filter_height != op.filter_width || !stays_inside(layer, input)) {
      scope.refuse("its window is not square or reaches into padding");
    }
    make_depthwise(layer, average_rule(scope, layer.kernel * layer.kernel, input.zero_point));
  }
  limit(op, {layer.scale, layer.zero_point}, layer.requantization);
  scope.append(std::move(layer), op.output);
}

void take_tflite_mean(TfliteScope& scope, const TfliteOperator& op) {
  const int from = scope.source(op);
  const Operator& input = scope.layer(from);
  Operator layer = scope.layer_for(OperatorKind::kGlobalAverage, op.output, {from});
  auto axes =
      scope.constants<std::int32_t>(op.inputs.size() > 1 ? op.inputs[1] : -1, 2, kTfliteInt32);
  for (std::int32_t& axis : axes) axis += axis < 0 ? 4 : 0;
  std::ranges::sort(axes);
  if (axes != std::vector<std::int32_t>{1, 2} || !is_one_pixel(layer, input)) {
    scope.refuse("is not the mean of all rows and columns");
  }
  const int count = input.height * input.width;
  if (has_codes_of(layer, input)) {
    layer.requantization = average_rule(scope, count, input.zero_point);
  } else {
    const FixedMultiplier fixed = mean_multiplier(input, layer, count);
    const double reach = std::ldexp(255.0 * count, std::max(-fixed.shift, 0));
    if (count > kMostAveraged || reach >= std::ldexp(1.0, 31)) {
      scope.refuse(fmt::format("sums {} pixels, too many for its output's scale", count));
    }
    layer.requantization.twice = {fixed.multiplier, 0, fixed.shift};
  }
  scope.append(std::move(layer), op.output);
}

void take_tflite_max_pool(TfliteScope& scope, const TfliteOperator& op) {
  const int from = scope.source(op);
  const Operator& input = scope.layer(from);
  Operator layer = scope.layer_for(OperatorKind::kMaxPool, op.output, {from});
  layer.kernel = op.filter_height;
  layer.stride = op.stride;
  const bool fits = op.filter_height == op.filter_width && op.activation == kTfliteNone &&
                    stays_inside(layer, input);
  if (!fits) {
    scope.refuse("its window is not square, reaches into padding, or is followed by a relu");
  }
  if (!has_codes_of(layer, input)) scope.refuse("changes the scale");
  scope.append(std::move(layer), op.output);
}

}  // namespace coco_mcu::exchange
