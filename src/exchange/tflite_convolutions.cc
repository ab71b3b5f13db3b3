#include <algorithm>
#include <utility>

#include "exchange/padding.h"
#include "exchange/tflite_arithmetic.h"
#include "exchange/tflite_layers.h"

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

/// Weights in our order: output channel, row, column, input channel.
struct Kernel {
  OperatorKind kind = OperatorKind::kConvolution;
  int size = 1;
  std::size_t rows = 0;
  std::vector<std::int8_t> weights;
};

/// Output channels, rows, columns, input channels; rows and columns of a fully connected layer are
/// its input's.
std::vector<int> kernel_shape(const TfliteScope& scope, const TfliteOperator& op,
                              const Operator& input) {
  std::vector<int> shape = scope.tensor(op.inputs[1]).shape;
  if (op.op == TfliteOp::kFullyConnected && shape.size() == 2) {
    const int read = input.height * input.width * input.channels;
    if (shape[1] != read) scope.refuse("its weights do not fit its input and output");
    shape = {shape[0], input.height, input.width, input.channels};
  }
  if (shape.size() != 4 || shape[1] != shape[2] || shape[1] < 1 || shape[1] > 15) {
    scope.refuse("its window is not square, of 1 to 15");
  }
  return shape;
}

Kernel kernel_of(const TfliteScope& scope, const TfliteOperator& op, const Operator& input,
                 int outputs) {
  if (op.inputs.size() < 2 || op.inputs[1] < 0) scope.refuse("has no weights");
  const std::vector<int> shape = kernel_shape(scope, op, input);
  Kernel kernel;
  kernel.size = shape[1];
  kernel.rows = static_cast<std::size_t>(outputs);
  const bool is_depthwise = op.op == TfliteOp::kDepthwise;
  const int inputs = input.channels;
  const std::size_t window =
      static_cast<std::size_t>(shape[1]) * static_cast<std::size_t>(shape[2]);
  const bool fits = is_depthwise
                        ? shape[0] == 1 && shape[3] == outputs && (inputs == outputs || inputs == 1)
                        : shape[0] == outputs && shape[3] == inputs;
  if (!fits) scope.refuse("its weights do not fit its input and output");
  const std::size_t per_row = window * static_cast<std::size_t>(is_depthwise ? 1 : inputs);
  const auto numbers =
      scope.constants<std::int8_t>(op.inputs[1], kernel.rows * per_row, kTfliteInt8);
  if (!is_depthwise) {
    kernel.weights = numbers;
    return kernel;
  }
  // Of one input channel a depthwise layer makes any number: a convolution.
  if (inputs == outputs) kernel.kind = OperatorKind::kDepthwise;
  for (std::size_t c = 0; c < kernel.rows; ++c) {
    for (std::size_t tap = 0; tap < window; ++tap) {
      kernel.weights.push_back(numbers[tap * kernel.rows + c]);
    }
  }
  return kernel;
}

/// One scale for each output channel, and weights without a zero point.
std::vector<float> weight_scales(const TfliteScope& scope, const TfliteOperator& op,
                                 std::size_t rows) {
  const TfliteTensor& weight = scope.tensor(op.inputs[1]);
  const bool is_symmetric =
      std::ranges::all_of(weight.zero_points, [](std::int64_t zero) { return zero == 0; });
  std::vector<float> scales = weight.scales;
  if (scales.size() == 1) scales.resize(rows, scales[0]);
  const int dimension = op.op == TfliteOp::kDepthwise ? 3 : 0;
  const bool is_by_channel = weight.scales.size() == 1 || weight.scaled_dimension == dimension;
  if (scales.size() != rows || !is_by_channel || !is_symmetric ||
      !std::ranges::all_of(scales, is_usable_scale)) {
    scope.refuse("its weights are not symmetric per channel");
  }
  return scales;
}

/// TensorFlow Lite multiplies the two scales of a fully connected layer in float.
double real_multiplier(const TfliteOperator& op, const Operator& input, float weight_scale,
                       const Operator& output) {
  const double product = op.op == TfliteOp::kFullyConnected
                             ? double{input.scale * weight_scale}
                             : double{input.scale} * double{weight_scale};
  return product / double{output.scale};
}

/// Zeros in front of rows and columns, those of a PAD before it included.
int padding_of(const TfliteScope& scope, const TfliteOperator& op, const TfliteValue& from,
               const Operator& layer) {
  if (!op.pads) return from.padding;
  const int rows = same_padding(from.extent.height, layer.height, op.stride, layer.kernel);
  const int columns = same_padding(from.extent.width, layer.width, op.stride, layer.kernel);
  if (rows != columns) scope.refuse("pads rows and columns differently");
  return from.padding + rows;
}

void check_windows(const TfliteScope& scope, const TfliteOperator& op, const TfliteValue& from,
                   const Operator& layer) {
  if (layer.padding >= layer.kernel) scope.refuse("pads as much as its window");
  if (op.op == TfliteOp::kFullyConnected) return;
  const auto fits = [&](int size, int count) {
    return count == window_count(size, op.stride, layer.kernel, op.pads);
  };
  if (!fits(from.extent.height, layer.height) || !fits(from.extent.width, layer.width)) {
    scope.refuse("its output does not have as many rows and columns as its windows");
  }
}

/// The layer that is read, what PAD has put around it left out.
int source_of(TfliteScope& scope, const TfliteOperator& op, const TfliteValue& from) {
  const bool is_read_flat = from.is_flat && op.op == TfliteOp::kFullyConnected;
  if (from.is_int32 || (from.padding == 0 && !is_read_flat)) return scope.source(op);
  return from.layer;
}

}  // namespace

void take_tflite_convolution(TfliteScope& scope, const TfliteOperator& op) {
  const TfliteValue value = scope.value(op);
  const int from = source_of(scope, op, value);
  const Operator& input = scope.layer(from);
  Operator layer = scope.layer_for(OperatorKind::kConvolution, op.output, {from});
  const Kernel kernel = kernel_of(scope, op, input, layer.channels);
  layer.kind = kernel.kind;
  layer.kernel = kernel.size;
  layer.stride = op.stride;
  layer.padding = padding_of(scope, op, value, layer);
  check_windows(scope, op, value, layer);
  layer.format = core::WeightFormat::kSigned8;
  for (const std::int8_t weight : kernel.weights) {
    layer.weights.push_back(static_cast<std::uint8_t>(weight + kTfliteToCode));
  }
  const auto biases = scope.constants<std::int32_t>(op.inputs.size() > 2 ? op.inputs[2] : -1,
                                                    kernel.rows, kTfliteInt32);
  const std::vector<float> scales = weight_scales(scope, op, kernel.rows);
  for (std::size_t c = 0; c < kernel.rows; ++c) {
    const FixedMultiplier fixed = fixed_multiplier(real_multiplier(op, input, scales[c], layer));
    layer.requantization.twice.insert(layer.requantization.twice.end(),
                                      {fixed.multiplier, biases[c], fixed.shift});
  }
  limit(op, grid_of(layer), layer.requantization);
  scope.append(std::move(layer), op.output);
}

}  // namespace coco_mcu::exchange
