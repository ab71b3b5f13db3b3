#include "exchange/import_tflite.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "exchange/refusal.h"
#include "exchange/tflite_arithmetic.h"
#include "exchange/tflite_file.h"

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

constexpr int kToCode = 128;  // code = int8 + 128
constexpr int kMostSide = 8192;
constexpr int kMostAveraged = 4096;  // pixels

/// False for NaN.
bool is_usable(float scale) {
  return scale >= 1e-12F && scale <= 1e6F;
}

struct Extent {
  int height = 1;
  int width = 1;
  int channels = 1;
};

class TfliteImport {
 public:
  TfliteImport(const TfliteFile& from, std::string_view file, const TfliteOptions& options)
      : from_(from), file_(file), options_(options) {}

  model::IntegerModel run() {
    made_.network = options_.name;
    made_.interface = model::Interface::kTensorflowLite;
    made_.labels = options_.labels;
    made_.decision_label = static_cast<int>(options_.labels.size()) - 1;
    take_input();
    for (index_ = 0; index_ < from_.operators.size(); ++index_) take(from_.operators[index_]);
    const bool ends =
        made_.operators.back().kind == OperatorKind::kSoftmax && tensors_.contains(from_.output);
    if (!ends) fail(file_, "does not end in a softmax; convert the network with one");
    if (made_.operators.back().channels != static_cast<int>(made_.labels.size())) {
      fail(file_, fmt::format("has {} classes, not {}; give as many labels",
                              made_.operators.back().channels, made_.labels.size()));
    }
    return std::move(made_);
  }

 private:
  [[noreturn]] void refuse(std::string_view reason) const {
    fail(file_, fmt::format("operator {}: {}; there is none of that kind here", index_, reason));
  }

  const TfliteTensor& tensor(int index) const {
    return from_.tensors[static_cast<std::size_t>(index)];
  }

  Extent extent(const TfliteTensor& of) const {
    const std::size_t rank = of.shape.size();
    const bool fits =
        (rank == 4 || rank == 2) && of.shape[0] == 1 &&
        std::ranges::all_of(of.shape, [](int size) { return size >= 1 && size <= kMostSide; });
    if (!fits) refuse(fmt::format("tensor {} is not one picture's", of.name));
    if (rank == 2) return {1, 1, of.shape[1]};
    return {of.shape[1], of.shape[2], of.shape[3]};
  }

  float scale_of(const TfliteTensor& of) const {
    const bool fits = of.type == kTfliteInt8 && of.scales.size() == 1 &&
                      of.zero_points.size() == 1 && is_usable(of.scales[0]) &&
                      of.zero_points[0] >= -128 && of.zero_points[0] <= 127;
    if (!fits) refuse(fmt::format("tensor {} is not int8 with one scale", of.name));
    return of.scales[0];
  }

  static int zero_of(const TfliteTensor& of) {
    return static_cast<int>(of.zero_points[0]) + kToCode;
  }

  /// A layer that makes the tensor's codes.
  Operator layer_for(OperatorKind kind, int output, std::vector<int> inputs) const {
    const TfliteTensor& made_tensor = tensor(output);
    const Extent shape = extent(made_tensor);
    Operator layer;
    layer.kind = kind;
    layer.inputs = std::move(inputs);
    layer.name = made_tensor.name.empty() ? fmt::format("tensor{}", output) : made_tensor.name;
    layer.height = shape.height;
    layer.width = shape.width;
    layer.channels = shape.channels;
    layer.scale = scale_of(made_tensor);
    layer.zero_point = zero_of(made_tensor);
    return layer;
  }

  void append(Operator layer, int output) {
    tensors_[output] = static_cast<int>(made_.operators.size());
    made_.operators.push_back(std::move(layer));
  }

  int source(const TfliteOperator& of, std::size_t which = 0) const {
    const auto found = which < of.inputs.size() ? tensors_.find(of.inputs[which]) : tensors_.end();
    if (found == tensors_.end()) refuse("reads a tensor that no operator before it makes");
    return found->second;
  }

  /// The data of a constant, `count` numbers.
  template <typename Number>
  std::vector<Number> constants(int index, std::size_t count, int type) const {
    if (index < 0) return std::vector<Number>(count, 0);
    const TfliteTensor& of = tensor(index);
    if (of.type != type || of.data.size() != count * sizeof(Number)) {
      refuse(fmt::format("tensor {} does not hold {} numbers of its type", of.name, count));
    }
    std::vector<Number> numbers(count);
    std::memcpy(numbers.data(), of.data.data(), of.data.size());
    return numbers;
  }

  /// Codes are bytes of the picture as they stand; what they mean is the input's scale.
  void take_input() {
    Operator input = layer_for(OperatorKind::kInput, from_.input, {});
    input.name = "input";
    made_.preprocessing.height = input.height;
    made_.preprocessing.width = input.width;
    for (int c = 0; c < 3; ++c) {
      made_.preprocessing.mean[c] = static_cast<float>(input.zero_point) / 255.0F;
      made_.preprocessing.deviation[c] = 1.0F / (255.0F * input.scale);
      std::iota(made_.input_tables[static_cast<std::size_t>(c)].begin(),
                made_.input_tables[static_cast<std::size_t>(c)].end(), std::uint8_t{0});
    }
    if (input.channels != 1 && input.channels != 3) {
      fail(file_, fmt::format("reads {} channels, neither grey nor RGB pictures", input.channels));
    }
    append(std::move(input), from_.input);
  }

  void take(const TfliteOperator& op) {
    switch (op.op) {
      case TfliteOp::kConvolution:
      case TfliteOp::kDepthwise:
      case TfliteOp::kFullyConnected:
        return take_convolution(op);
      case TfliteOp::kAveragePool:
      case TfliteOp::kMean:
        return take_average(op);
      case TfliteOp::kMaxPool:
        return take_max_pool(op);
      case TfliteOp::kConcatenation:
        return take_concatenation(op);
      case TfliteOp::kReshape:
        return take_reshape(op);
      case TfliteOp::kRelu:
      case TfliteOp::kRelu6:
      case TfliteOp::kHardSwish:
        return take_curve(op);
      case TfliteOp::kSoftmax:
        return take_softmax(op);
      default:
        refuse("is not read yet");
    }
  }

  /// Weights in our order: output channel, row, column, input channel.
  struct Kernel {
    OperatorKind kind = OperatorKind::kConvolution;
    int size = 1;
    std::size_t rows = 0;
    std::vector<std::int8_t> weights;
  };

  Kernel kernel_of(const TfliteOperator& op, int inputs, int outputs) const {
    if (op.inputs.size() < 2 || op.inputs[1] < 0) refuse("has no weights");
    const TfliteTensor& weight = tensor(op.inputs[1]);
    std::vector<int> shape = weight.shape;
    if (op.op == TfliteOp::kFullyConnected && shape.size() == 2) shape = {shape[0], 1, 1, shape[1]};
    if (shape.size() != 4 || shape[1] != shape[2] || shape[1] < 1 || shape[1] > 15) {
      refuse("its window is not square, of 1 to 15");
    }
    Kernel kernel;
    kernel.size = shape[1];
    kernel.rows = static_cast<std::size_t>(outputs);
    const bool is_depthwise = op.op == TfliteOp::kDepthwise;
    const std::size_t window =
        static_cast<std::size_t>(shape[1]) * static_cast<std::size_t>(shape[2]);
    const bool fits =
        is_depthwise ? shape[0] == 1 && shape[3] == outputs && (inputs == outputs || inputs == 1)
                     : shape[0] == outputs && shape[3] == inputs;
    if (!fits) refuse("its weights do not fit its input and output");
    const std::size_t per_row = window * static_cast<std::size_t>(is_depthwise ? 1 : inputs);
    const auto numbers = constants<std::int8_t>(op.inputs[1], kernel.rows * per_row, kTfliteInt8);
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
  std::vector<float> weight_scales(const TfliteOperator& op, std::size_t rows) const {
    const TfliteTensor& weight = tensor(op.inputs[1]);
    const bool is_symmetric =
        std::ranges::all_of(weight.zero_points, [](std::int64_t zero) { return zero == 0; });
    std::vector<float> scales = weight.scales;
    if (scales.size() == 1) scales.resize(rows, scales[0]);
    if (scales.size() != rows || !is_symmetric || !std::ranges::all_of(scales, is_usable))
      refuse("its weights are not symmetric per channel");
    return scales;
  }

  /// The codes that a fused relu or relu6 lets through.
  void limit(const TfliteOperator& op, Operator& layer) const {
    constexpr int kRelu6 = 3;
    if (op.activation != 0) layer.requantization.low = static_cast<std::uint8_t>(layer.zero_point);
    if (op.activation != kRelu6) return;
    const float steps = std::min(std::round(6.0F / layer.scale), 255.0F);
    const int six = layer.zero_point + static_cast<int>(steps);
    layer.requantization.high = static_cast<std::uint8_t>(std::min(six, 255));
  }

  static int padding_of(const TfliteOperator& op, int input, int output, int kernel) {
    return op.pads ? std::max((output - 1) * op.stride + kernel - input, 0) / 2 : 0;
  }

  void take_convolution(const TfliteOperator& op) {
    const int from = source(op);
    const Operator& input = made_.operators[static_cast<std::size_t>(from)];
    Operator layer = layer_for(OperatorKind::kConvolution, op.output, {from});
    const Kernel kernel = kernel_of(op, input.channels, layer.channels);
    layer.kind = kernel.kind;
    layer.kernel = kernel.size;
    layer.stride = op.stride;
    layer.padding = padding_of(op, input.height, layer.height, kernel.size);
    if (layer.padding != padding_of(op, input.width, layer.width, kernel.size)) {
      refuse("pads rows and columns differently");
    }
    layer.format = core::WeightFormat::kSigned8;
    for (const std::int8_t weight : kernel.weights) {
      layer.weights.push_back(static_cast<std::uint8_t>(weight + kToCode));
    }
    const auto biases = constants<std::int32_t>(op.inputs.size() > 2 ? op.inputs[2] : -1,
                                                kernel.rows, kTfliteInt32);
    const std::vector<float> scales = weight_scales(op, kernel.rows);
    for (std::size_t c = 0; c < kernel.rows; ++c) {
      const FixedMultiplier fixed = fixed_multiplier(real_multiplier(op, input, scales[c], layer));
      layer.requantization.twice.insert(layer.requantization.twice.end(),
                                        {fixed.multiplier, biases[c], fixed.shift});
    }
    limit(op, layer);
    append(std::move(layer), op.output);
  }

  /// TensorFlow Lite multiplies the two scales of a fully connected layer in float.
  static double real_multiplier(const TfliteOperator& op, const Operator& input, float weight_scale,
                                const Operator& output) {
    const double product = op.op == TfliteOp::kFullyConnected
                               ? double{input.scale * weight_scale}
                               : double{input.scale} * double{weight_scale};
    return product / double{output.scale};
  }

  void take_average(const TfliteOperator& op) {
    const int from = source(op);
    const Operator& input = made_.operators[static_cast<std::size_t>(from)];
    Operator layer = layer_for(OperatorKind::kGlobalAverage, op.output, {from});
    const bool is_whole = op.op == TfliteOp::kMean ||
                          (op.filter_height == input.height && op.filter_width == input.width);
    if (!is_whole || layer.height != 1 || layer.width != 1 || layer.channels != input.channels) {
      refuse("averages parts of a tensor");
    }
    if (layer.scale != input.scale || layer.zero_point != input.zero_point) {
      refuse("averages to another scale");
    }
    layer.requantization = average_rule(input.height * input.width, input.zero_point);
    limit(op, layer);
    append(std::move(layer), op.output);
  }

  /// The sum of (code - zero point) by `count`, rounded to nearest, by the project's own rule:
  /// exact for each sum that there is, but that halves of negative int8 averages, which TensorFlow
  /// Lite rounds down, go up.
  model::Requantization average_rule(int count, int zero_point) const {
    if (count > kMostAveraged) refuse(fmt::format("averages {} pixels, too many", count));
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
        refuse(fmt::format("averages {} pixels, too many to be exact", count));
      }
    }
    return rule;
  }

  void take_max_pool(const TfliteOperator& op) {
    const int from = source(op);
    const Operator& input = made_.operators[static_cast<std::size_t>(from)];
    Operator layer = layer_for(OperatorKind::kMaxPool, op.output, {from});
    layer.kernel = op.filter_height;
    layer.stride = op.stride;
    const bool fits = op.filter_height == op.filter_width && op.activation == 0 &&
                      op.filter_height >= 1 && op.filter_height <= 15 &&
                      (layer.height - 1) * layer.stride + layer.kernel <= input.height &&
                      (layer.width - 1) * layer.stride + layer.kernel <= input.width;
    if (!fits) refuse("its window is not square, reaches into padding, or is followed by a relu");
    append(std::move(layer), op.output);
  }

  void take_concatenation(const TfliteOperator& op) {
    int joined = source(op);
    if (op.activation != 0) refuse("is followed by a relu");
    for (std::size_t which = 1; which < op.inputs.size(); ++which) {
      const int next = source(op, which);
      Operator layer = layer_for(OperatorKind::kConcatenate, op.output, {joined, next});
      const Operator& first = made_.operators[static_cast<std::size_t>(joined)];
      const Operator& second = made_.operators[static_cast<std::size_t>(next)];
      for (const Operator* input : {&first, &second}) {
        const bool same = input->scale == layer.scale && input->zero_point == layer.zero_point;
        if (!same) refuse("joins tensors of different scales");
      }
      layer.channels = first.channels + second.channels;
      if (which + 1 < op.inputs.size()) layer.name += fmt::format(".part{}", which);
      append(std::move(layer), op.output);
      joined = static_cast<int>(made_.operators.size()) - 1;
    }
    tensors_[op.output] = joined;
  }

  void take_reshape(const TfliteOperator& op) {
    const int from = source(op);
    const Operator& input = made_.operators[static_cast<std::size_t>(from)];
    const Extent shape = extent(tensor(op.output));
    if (input.height != 1 || input.width != 1 || shape.height != 1 || shape.width != 1 ||
        shape.channels != input.channels) {
      refuse("reshapes more than one pixel");
    }
    tensors_[op.output] = from;
  }

  /// An activation that stands by itself: a table.
  void take_curve(const TfliteOperator& op) {
    const int from = source(op);
    const Operator& input = made_.operators[static_cast<std::size_t>(from)];
    Operator layer = layer_for(OperatorKind::kLookup, op.output, {from});
    if (layer.height != input.height || layer.width != input.width ||
        layer.channels != input.channels) {
      refuse("makes another shape");
    }
    const Grid before = {input.scale, input.zero_point};
    const Grid after = {layer.scale, layer.zero_point};
    limit(op, layer);
    const core::LayerRequantization limits = layer.requantization;
    layer.requantization = {};
    if (op.op != TfliteOp::kHardSwish) {
      if (!has_rescaling(before, after)) refuse("its output is finer than 2^-22 of its input");
      layer.requantization.table = rescaling_table(before, after, limits);
    } else if (has_hard_swish(before, after)) {
      layer.requantization.table = hard_swish_table(before, after);
    } else {
      refuse("its output is finer than 1/128 of its input");
    }
    append(std::move(layer), op.output);
  }

  void take_softmax(const TfliteOperator& op) {
    const int from = source(op);
    const Operator& input = made_.operators[static_cast<std::size_t>(from)];
    if (op.output != from_.output) refuse("stands inside the network");
    Operator layer = layer_for(OperatorKind::kSoftmax, op.output, {from});
    const bool fits = layer.scale == 1.0F / 256.0F && layer.zero_point == 0;
    if (!fits || !is_usable(op.beta)) refuse("its output is not in units of 1/256");
    layer.scale = 1.0F / static_cast<float>(model::kProbabilityOne);
    for (int distance = 0; distance < 256; ++distance) {
      const double value = std::exp(-double{input.scale} * double{op.beta} * distance);
      layer.exponentials.push_back(static_cast<std::uint16_t>(std::lround(65535.0 * value)));
    }
    append(std::move(layer), op.output);
  }

  const TfliteFile& from_;
  std::string_view file_;
  const TfliteOptions& options_;
  std::size_t index_ = 0;       // of the operator that is being taken
  std::map<int, int> tensors_;  // by tensor of theirs, the operator that makes it
  model::IntegerModel made_;
};

}  // namespace

model::IntegerModel import_tflite(std::span<const std::uint8_t> bytes, std::string_view file,
                                  const TfliteOptions& options) {
  const TfliteFile from = read_tflite(bytes, file);
  return TfliteImport(from, file, options).run();
}

}  // namespace coco_mcu::exchange
