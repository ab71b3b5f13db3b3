#include "exchange/export_tflite.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "exchange/grid.h"
#include "exchange/metadata.h"
#include "exchange/padding.h"
#include "exchange/real_layers.h"
#include "exchange/tflite_file.h"

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

constexpr int kToCode = 128;  // code = int8 + 128
constexpr int kCodes = 256;
constexpr float kNearOne = 1e-6F;

std::vector<int> shape_of(const Operator& layer) {
  return {1, layer.height, layer.width, layer.channels};
}

Grid grid_of(const Operator& layer) {
  return {layer.scale, stored_zero_point(layer)};
}

class TfliteExport {
 public:
  TfliteExport(const model::IntegerModel& model, TfliteInterface interface)
      : model_(model), is_float_(interface == TfliteInterface::kFloat) {}

  std::string run() {
    for (const Operator& layer : model_.operators) write(layer);
    file_.metadata = metadata_of(model_);
    add_input_codes(model_, file_.metadata);
    return write_tflite(file_, model_.network);
  }

 private:
  int add(TfliteTensor tensor) {
    file_.tensors.push_back(std::move(tensor));
    return static_cast<int>(file_.tensors.size()) - 1;
  }

  static TfliteTensor codes(std::string name, std::vector<int> shape, const Grid& grid) {
    TfliteTensor tensor;
    tensor.name = std::move(name);
    tensor.shape = std::move(shape);
    tensor.type = kTfliteInt8;
    tensor.scales = {grid.scale};
    tensor.zero_points = {grid.zero_point - kToCode};
    return tensor;
  }

  static TfliteTensor plain(std::string name, std::vector<int> shape, int type) {
    TfliteTensor tensor;
    tensor.name = std::move(name);
    tensor.shape = std::move(shape);
    tensor.type = type;
    return tensor;
  }

  template <typename Number>
  int constant(TfliteTensor tensor, const std::vector<Number>& numbers) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(numbers.data());
    constants_.emplace_back(bytes, bytes + numbers.size() * sizeof(Number));
    tensor.data = constants_.back();
    return add(std::move(tensor));
  }

  int integers(const std::string& name, const std::vector<std::int32_t>& numbers) {
    return constant(plain(name, {static_cast<int>(numbers.size())}, kTfliteInt32), numbers);
  }

  /// An operator without options, or with those of `of`.
  int append(TfliteOp op, std::vector<int> inputs, TfliteTensor output, TfliteOperator of = {}) {
    of.op = op;
    of.inputs = std::move(inputs);
    of.output = add(std::move(output));
    file_.operators.push_back(of);
    return of.output;
  }

  /// The tensor with the codes of the layer that makes input number `which`.
  int input(const Operator& layer, std::size_t which = 0) const {
    return tensors_[static_cast<std::size_t>(layer.inputs[which])];
  }

  /// The same where a code means scale * (code - zero point) and no more.
  int proper_input(const Operator& layer, std::size_t which = 0) const {
    if (addend(input_of(model_, layer, which)) != 0.0F) {
      refuse_export(layer, "reads a tensor whose zero point is no code");
    }
    return input(layer, which);
  }

  void write(const Operator& layer) { tensors_.push_back(made_by(layer)); }

  /// The tensor with the layer's codes.
  int made_by(const Operator& layer) {
    switch (layer.kind) {
      case OperatorKind::kInput:
        return write_input(layer);
      case OperatorKind::kConvolution:
      case OperatorKind::kDepthwise:
        return write_convolution(layer);
      case OperatorKind::kGlobalAverage:
        return requantized(layer, TfliteOp::kMean,
                           {proper_input(layer), integers(layer.name + ".axes", {1, 2})});
      case OperatorKind::kMultiply:
        return write_multiply(layer);
      case OperatorKind::kAdd:
        return requantized(layer, TfliteOp::kAdd, {proper_input(layer), proper_input(layer, 1)});
      case OperatorKind::kMaxPool:
        return write_max_pool(layer);
      case OperatorKind::kUpsample:
        return enlarged(layer, input(layer), input_of(model_, layer), shape_of(layer), layer.name);
      case OperatorKind::kLookup:
        return looked_up(input(layer), layer.requantization.table,
                         codes(layer.name, shape_of(layer), grid_of(layer)));
      case OperatorKind::kConcatenate:
        return write_concatenation(layer);
      case OperatorKind::kSoftmax:
        return write_softmax(layer);
    }
    refuse_export(layer, "is of a kind that is not written");
  }

  int write_input(const Operator& layer) {
    TfliteTensor made = codes(layer.name, shape_of(layer), grid_of(layer));
    if (!is_float_) return file_.input = add(std::move(made));
    file_.input = add(plain(layer.name + ".real", shape_of(layer), kTfliteFloat));
    return append(TfliteOp::kQuantize, {file_.input}, std::move(made));
  }

  /// table[code] for every code: int8 codes become indices from 0 on.
  int looked_up(int from, const std::vector<std::uint8_t>& table, const TfliteTensor& made) {
    const std::string& name = made.name;
    const std::vector<int> shape = file_.tensors[static_cast<std::size_t>(from)].shape;
    const int numbers =
        append(TfliteOp::kCast, {from}, plain(name + ".int32", shape, kTfliteInt32));
    if (half_ < 0) half_ = integers("codes_from_0", {kToCode});
    const int indices =
        append(TfliteOp::kAdd, {numbers, half_}, plain(name + ".indices", shape, kTfliteInt32));
    TfliteTensor stored = made;
    stored.name = name + ".table";
    stored.shape = {kCodes};
    std::vector<std::int8_t> values(table.size());
    std::ranges::transform(table, values.begin(), as_int8);
    return append(TfliteOp::kGather, {constant(stored, values), indices}, made);
  }

  static std::int8_t as_int8(std::uint8_t code) { return static_cast<std::int8_t>(code - kToCode); }

  /// The layer's codes by an operator that makes real numbers of real numbers.
  int requantized(const Operator& layer, TfliteOp op, std::vector<int> inputs) {
    return requantized(layer, real_layer(model_, layer), op, std::move(inputs), {});
  }

  int requantized(const Operator& layer, const RealLayer& from, TfliteOp op,
                  std::vector<int> inputs, TfliteOperator of) {
    of.activation = from.is_relu ? kTfliteRelu : kTfliteNone;
    const bool has_table = !from.table.empty();
    const int made = append(op, std::move(inputs),
                            codes(has_table ? layer.name + ".before_table" : layer.name,
                                  shape_of(layer), {from.scale, from.zero_point}),
                            of);
    if (!has_table) return made;
    return looked_up(made, from.table, codes(layer.name, shape_of(layer), grid_of(layer)));
  }

  /// out[i] = from[(i + offset) / factor] for the rows and columns of `shape`.
  int enlarged(const Operator& layer, int from, const Operator& source, std::vector<int> shape,
               const std::string& name) {
    shape[3] = source.channels;
    const std::vector<int> whole = {1, source.height * layer.factor, source.width * layer.factor,
                                    source.channels};
    const bool is_cut = whole != shape;
    const int size = integers(name + ".size", {whole[1], whole[2]});
    TfliteOperator of;
    of.has_half_pixels = true;  // (i + 1/2) / factor is never near a whole number
    const int resized = append(TfliteOp::kResizeNearest, {from, size},
                               codes(is_cut ? name + ".whole" : name, whole, grid_of(source)), of);
    if (!is_cut) return resized;
    const int begin = integers(name + ".begin", {0, layer.offset, layer.offset, 0});
    const int count = integers(name + ".count", shape);
    return append(TfliteOp::kSlice, {resized, begin, count}, codes(name, shape, grid_of(source)));
  }

  int second_factor(const Operator& layer) {
    const Operator& by = input_of(model_, layer, 1);
    const bool is_plain = layer.factor == 1 && layer.offset == 0;
    if (is_plain || is_broadcast(layer, by)) return input(layer, 1);
    return enlarged(layer, input(layer, 1), by, shape_of(layer), layer.name + ".enlarged");
  }

  /// A mask of 1..2 has no code for 0 and is stored less 1: x * mask = x * stored + x.
  int write_multiply(const Operator& layer) {
    const RealLayer from = real_layer(model_, layer);
    const int x = proper_input(layer);
    const int by = second_factor(layer);
    const float beyond = addend(input_of(model_, layer, 1));
    if (beyond == 0.0F) return requantized(layer, from, TfliteOp::kMul, {x, by}, {});
    if (std::abs(beyond - 1.0F) > kNearOne) {
      refuse_export(layer, "multiplies by a mask that is not 1 to 2");
    }
    const int product =
        append(TfliteOp::kMul, {x, by},
               codes(layer.name + ".gain", shape_of(layer), grid_of(input_of(model_, layer))));
    return requantized(layer, from, TfliteOp::kAdd, {x, product}, {});
  }

  int write_max_pool(const Operator& layer) {
    TfliteOperator of;
    of.stride = layer.stride;
    of.filter_height = of.filter_width = layer.kernel;
    return append(TfliteOp::kMaxPool, {input(layer)},
                  codes(layer.name, shape_of(layer), grid_of(layer)), of);
  }

  /// Whether TensorFlow's padding "same" is the layer's along a side.
  static bool is_same(const Operator& layer, int size, int count) {
    return count == window_count(size, layer.stride, layer.kernel, true) &&
           same_padding(size, count, layer.stride, layer.kernel) == layer.padding;
  }

  int write_convolution(const Operator& layer) {
    const Operator& source = input_of(model_, layer);
    const RealLayer from = real_layer(model_, layer);
    TfliteOperator of;
    of.stride = layer.stride;
    int x = input(layer);
    if (model::reads_padding(layer, source)) {
      of.pads =
          is_same(layer, source.height, layer.height) && is_same(layer, source.width, layer.width);
      if (!of.pads) x = padded(layer, source, x);
    }
    const bool is_depthwise = layer.kind == OperatorKind::kDepthwise;
    return requantized(layer, from, is_depthwise ? TfliteOp::kDepthwise : TfliteOp::kConvolution,
                       {x, is_depthwise ? depthwise_weights(layer, from) : weights(layer, from),
                        biases(layer, from)},
                       of);
  }

  int padded(const Operator& layer, const Operator& source, int x) {
    const int below = padding_behind(layer, source.height, layer.height);
    const int behind = padding_behind(layer, source.width, layer.width);
    const int front = layer.padding;
    const int zeros = constant(plain(layer.name + ".zeros", {4, 2}, kTfliteInt32),
                               std::vector<std::int32_t>{0, 0, front, below, front, behind, 0, 0});
    return append(
        TfliteOp::kPad, {x, zeros},
        codes(layer.name + ".padded",
              {1, source.height + front + below, source.width + front + behind, source.channels},
              grid_of(source)));
  }

  /// A constant with a scale for each output channel.
  template <typename Number>
  int per_channel(TfliteTensor tensor, const std::vector<float>& scales, int dimension,
                  const std::vector<Number>& numbers) {
    tensor.scales = scales;
    tensor.zero_points.assign(scales.size(), 0);
    tensor.scaled_dimension = dimension;
    return constant(std::move(tensor), numbers);
  }

  int weights(const Operator& layer, const RealLayer& from) {
    const std::vector<int> shape = {layer.channels, layer.kernel, layer.kernel,
                                    input_of(model_, layer).channels};
    return per_channel(plain(layer.name + ".weights", shape, kTfliteInt8), from.weight_scales, 0,
                       from.weights);
  }

  /// Rows, columns, channels.
  int depthwise_weights(const Operator& layer, const RealLayer& from) {
    const auto channels = static_cast<std::size_t>(layer.channels);
    const std::size_t window = from.weights.size() / channels;
    std::vector<std::int8_t> by_tap(from.weights.size());
    for (std::size_t i = 0; i < from.weights.size(); ++i) {
      by_tap[i % window * channels + i / window] = from.weights[i];
    }
    const std::vector<int> shape = {1, layer.kernel, layer.kernel, layer.channels};
    return per_channel(plain(layer.name + ".weights", shape, kTfliteInt8), from.weight_scales, 3,
                       by_tap);
  }

  int biases(const Operator& layer, const RealLayer& from) {
    return per_channel(plain(layer.name + ".biases", {layer.channels}, kTfliteInt32),
                       from.bias_scales, 0, from.biases);
  }

  int write_concatenation(const Operator& layer) {
    const std::vector<std::uint8_t>* const tables[] = {&layer.requantization.table,
                                                       &layer.second_table};
    std::vector<int> parts;
    for (std::size_t which = 0; which < 2; ++which) {
      parts.push_back(input(layer, which));
      if (tables[which]->empty()) continue;
      parts.back() = looked_up(parts.back(), *tables[which],
                               codes(fmt::format("{}.part{}", layer.name, which),
                                     shape_of(input_of(model_, layer, which)), grid_of(layer)));
    }
    return append(TfliteOp::kConcatenation, parts,
                  codes(layer.name, shape_of(layer), grid_of(layer)));
  }

  int write_softmax(const Operator& layer) {
    const std::vector<int> shape = {1, layer.channels};
    const int logits =
        append(TfliteOp::kReshape, {proper_input(layer), integers(layer.name + ".shape", shape)},
               codes(layer.name + ".logits", shape, grid_of(input_of(model_, layer))));
    file_.output =
        append(TfliteOp::kSoftmax, {logits}, codes(layer.name, shape, {1.0F / 256.0F, 0}));
    if (is_float_) {
      file_.output = append(TfliteOp::kDequantize, {file_.output},
                            plain(layer.name + ".real", shape, kTfliteFloat));
    }
    return file_.output;
  }

  const model::IntegerModel& model_;
  bool is_float_;
  TfliteFile file_;
  std::deque<std::vector<std::uint8_t>> constants_;  // what tensors show
  std::vector<int> tensors_;                         // by operator of ours, its tensor
  int half_ = -1;                                    // the constant 128
};

}  // namespace

std::string export_tflite(const model::IntegerModel& model, TfliteInterface interface) {
  return TfliteExport(model, interface).run();
}

}  // namespace coco_mcu::exchange
