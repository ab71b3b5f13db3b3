#include <algorithm>
#include <cmath>
#include <utility>

#include "exchange/padding.h"
#include "exchange/tflite_arithmetic.h"
#include "exchange/tflite_average.h"
#include "exchange/tflite_layers.h"

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

constexpr int kMostChecked = 4096;  // pixels whose every sum is looked at
constexpr int kMostWindow = 15;     // rows
constexpr std::uint8_t kOne = 129;  // the code of the 8-bit weight 1

/// Of a pool, by TensorFlow Lite's rounding; where one multiplier cannot have it, halves below zero
/// go up instead of down.
model::Requantization pool_rule(const TfliteScope& scope, int count, int zero_point) {
  if (count > kMostChecked) scope.refuse(fmt::format("averages {} pixels, too many", count));
  for (const AverageCode& code_of : {pooled_average(count), average_upwards(count)}) {
    if (const auto rule = average_rule(count, zero_point, 1.0 / count, code_of)) return *rule;
  }
  scope.refuse(fmt::format("averages {} pixels, too many to be exact", count));
}

bool is_one_pixel(const Operator& layer, const Operator& input) {
  return layer.height == 1 && layer.width == 1 && layer.channels == input.channels;
}

bool has_codes_of(const Operator& layer, const Operator& input) {
  return layer.scale == input.scale && layer.zero_point == input.zero_point;
}

/// Whether the windows are those of the layer and all lie inside the input.
bool stays_inside(const TfliteOperator& op, const Operator& layer, const Operator& input) {
  const auto fits = [&](int size, int count) {
    return count == window_count(size, op.stride, layer.kernel, op.pads) &&
           (count - 1) * op.stride + layer.kernel <= size;
  };
  return op.filter_height == op.filter_width && layer.kernel >= 1 && layer.kernel <= kMostWindow &&
         layer.channels == input.channels && fits(input.height, layer.height) &&
         fits(input.width, layer.width);
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

/// Of a mean, by TensorFlow Lite's rounding. Many pixels, or another scale, may leave no such rule
/// of one multiplier: then by one of 31 bits, which is off where the two roundings meet a half.
model::Requantization mean_rule(const TfliteScope& scope, const Grid& input, const Grid& output,
                                int count) {
  const double multiplier = double{input.scale} / double{output.scale} / count;
  if (multiplier >= 1.0) scope.refuse("its output is finer than its sum");
  if (count <= kMostChecked) {
    const AverageCode code_of = rescaled_mean(input, output, count);
    if (const auto rule = average_rule(count, input.zero_point, multiplier, code_of)) return *rule;
  }
  const FixedMultiplier fixed = fixed_multiplier(multiplier);
  model::Requantization rule;
  rule.twice = {fixed.multiplier, 0, fixed.shift};
  return rule;
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
    layer.requantization = pool_rule(scope, input.height * input.width, input.zero_point);
  } else {
    layer.kernel = op.filter_height;
    layer.stride = op.stride;
    if (!stays_inside(op, layer, input)) {
      scope.refuse("its window is not square or reaches into padding");
    }
    make_depthwise(layer, pool_rule(scope, layer.kernel * layer.kernel, input.zero_point));
  }
  limit(op, grid_of(layer), layer.requantization);
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
  layer.requantization =
      mean_rule(scope, grid_of(input), grid_of(layer), input.height * input.width);
  scope.append(std::move(layer), op.output);
}

void take_tflite_max_pool(TfliteScope& scope, const TfliteOperator& op) {
  const int from = scope.source(op);
  const Operator& input = scope.layer(from);
  Operator layer = scope.layer_for(OperatorKind::kMaxPool, op.output, {from});
  layer.kernel = op.filter_height;
  layer.stride = op.stride;
  if (op.activation != kTfliteNone || !stays_inside(op, layer, input)) {
    scope.refuse("its window is not square, reaches into padding, or is followed by a relu");
  }
  if (!has_codes_of(layer, input)) scope.refuse("changes the scale");
  scope.append(std::move(layer), op.output);
}

}  // namespace coco_mcu::exchange
