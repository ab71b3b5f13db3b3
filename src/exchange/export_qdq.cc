#include "exchange/export_qdq.h"

#include <cstddef>
#include <vector>

#include <fmt/format.h>

#include "exchange/grid.h"
#include "exchange/metadata.h"
#include "exchange/onnx_writer.h"
#include "exchange/padding.h"
#include "exchange/real_layers.h"

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

class QdqExport {
 public:
  explicit QdqExport(const model::IntegerModel& model) : model_(model) {}

  std::string run() {
    for (const Operator& layer : model_.operators) write(layer);
    return writer_.finish(model_.network, metadata_of(model_));
  }

 private:
  static std::string codes(const Operator& layer) { return layer.name + ".codes"; }

  void append(const char* type, const std::vector<std::string>& inputs, const std::string& output) {
    writer_.append(OnnxNode(type, inputs, output));
  }

  /// Scale and zero point of `name` as constants.
  std::vector<std::string> scale_inputs(const std::string& input, const std::string& name,
                                        const Grid& grid) {
    return {input, writer_.store(name + ".scale", {}, OnnxType::kFloat, std::vector{grid.scale}),
            writer_.store(name + ".zero", {}, OnnxType::kUint8,
                          std::vector{static_cast<std::uint8_t>(grid.zero_point)})};
  }

  void quantize(const std::string& real, const Grid& grid, const std::string& output) {
    append("QuantizeLinear", scale_inputs(real, output, grid), output);
  }

  /// The real numbers of `name`, codes of a layer, as another tensor; its name.
  std::string dequantize(const std::string& name, const Operator& layer,
                         const std::string& output) {
    const float beyond = addend(layer);
    const std::string among_codes = beyond == 0.0F ? output : output + ".stored";
    append("DequantizeLinear",
           scale_inputs(name, among_codes, {layer.scale, stored_zero_point(layer)}), among_codes);
    if (beyond != 0.0F) {
      append("Add",
             {among_codes,
              writer_.store(output + ".addend", {}, OnnxType::kFloat, std::vector{beyond})},
             output);
    }
    return output;
  }

  /// Input number `which` of a layer in real numbers, of its own: runtimes fuse such groups.
  std::string real_input(const Operator& layer, std::size_t which = 0) {
    const Operator& input = input_of(model_, layer, which);
    return dequantize(codes(input), input, fmt::format("{}.input{}", layer.name, which));
  }

  /// table[code] for every code.
  void look_up(const std::string& input, const std::vector<std::uint8_t>& table,
               const std::string& output) {
    const std::string indices = output + ".indices";
    writer_.append(OnnxNode("Cast", std::vector{input}, indices)
                       .with("to", static_cast<std::int64_t>(OnnxType::kInt32)));
    append("Gather", {writer_.store(output + ".table", {256}, OnnxType::kUint8, table), indices},
           output);
  }

  void write(const Operator& layer) {
    switch (layer.kind) {
      case OperatorKind::kInput: {
        const OnnxIntegers shape = {1, layer.channels, layer.height, layer.width};
        writer_.add_input(layer.name, shape);
        return quantize(layer.name, {layer.scale, layer.zero_point}, codes(layer));
      }
      case OperatorKind::kConvolution:
      case OperatorKind::kDepthwise:
        return write_convolution(layer);
      case OperatorKind::kGlobalAverage:
        return write_arithmetic(layer, "GlobalAveragePool", {real_input(layer)});
      case OperatorKind::kMultiply:
        return write_arithmetic(layer, "Mul", {real_input(layer), second_factor(layer)});
      case OperatorKind::kAdd:
        return write_arithmetic(layer, "Add", {real_input(layer), real_input(layer, 1)});
      case OperatorKind::kMaxPool:
        writer_.append(
            OnnxNode("MaxPool", std::vector{codes(input_of(model_, layer))}, codes(layer))
                .with("kernel_shape", OnnxIntegers{layer.kernel, layer.kernel})
                .with("strides", OnnxIntegers{layer.stride, layer.stride}));
        return;
      case OperatorKind::kUpsample:
        return write_upsample(layer, input_of(model_, layer), layer, codes(layer));
      case OperatorKind::kLookup:
        return look_up(codes(input_of(model_, layer)), layer.requantization.table, codes(layer));
      case OperatorKind::kConcatenate:
        return write_concatenation(layer);
      case OperatorKind::kSoftmax:
        return write_softmax(layer);
    }
  }

  /// out[i] = in[(i + offset) / factor] for the rows and columns of `size`.
  void write_upsample(const Operator& layer, const Operator& input, const Operator& size,
                      const std::string& output) {
    const std::string whole = output + ".whole";
    writer_.append_upsample(codes(input), layer.factor, whole);
    writer_.append_slice(whole, {layer.offset, layer.offset},
                         {layer.offset + size.height, layer.offset + size.width}, output);
  }

  std::string second_factor(const Operator& layer) {
    const Operator& by = input_of(model_, layer, 1);
    const bool is_plain = layer.factor == 1 && layer.offset == 0;
    if (is_plain || is_broadcast(layer, by)) return real_input(layer, 1);
    const std::string enlarged = layer.name + ".enlarged";
    write_upsample(layer, by, layer, enlarged);
    return dequantize(enlarged, by, layer.name + ".input1");
  }

  void write_arithmetic(const Operator& layer, const char* type,
                        const std::vector<std::string>& inputs) {
    const std::string result = layer.name + ".real";
    append(type, inputs, result);
    requantize(layer, real_layer(model_, layer), result);
  }

  /// From real numbers to the layer's codes.
  void requantize(const Operator& layer, const RealLayer& from, std::string real) {
    if (from.is_relu) {
      append("Relu", {real}, layer.name + ".relu");
      real = layer.name + ".relu";
    }
    const Grid grid = {from.scale, from.zero_point};
    if (from.table.empty()) return quantize(real, grid, codes(layer));
    const std::string before = layer.name + ".before_table";
    quantize(real, grid, before);
    look_up(before, from.table, codes(layer));
  }

  void write_convolution(const Operator& layer) {
    const Operator& input = input_of(model_, layer);
    const RealLayer from = real_layer(model_, layer);
    const bool is_depthwise = layer.kind == OperatorKind::kDepthwise;
    // Zero padding is a number; what a mask's codes mean beyond their zero point is in the bias.
    const std::string codes_in_real = layer.name + ".input0";
    append("DequantizeLinear",
           scale_inputs(codes(input), codes_in_real, {input.scale, stored_zero_point(input)}),
           codes_in_real);
    const std::string result = layer.name + ".real";
    writer_.append(
        OnnxNode("Conv",
                 std::vector{codes_in_real, weights(layer, from, is_depthwise ? 1 : input.channels),
                             biases(layer, from)},
                 result)
            .with("group", std::int64_t{is_depthwise ? layer.channels : 1})
            .with("kernel_shape", OnnxIntegers{layer.kernel, layer.kernel})
            .with("strides", OnnxIntegers{layer.stride, layer.stride})
            .with("pads", OnnxIntegers{layer.padding, layer.padding,
                                       padding_behind(layer, input.height, layer.height),
                                       padding_behind(layer, input.width, layer.width)}));
    requantize(layer, from, result);
  }

  /// A constant with a scale for each output channel, in real numbers.
  std::string per_channel(const std::string& name, const std::string& stored,
                          const std::vector<float>& scales) {
    const auto count = static_cast<std::int64_t>(scales.size());
    writer_.append(OnnxNode("DequantizeLinear",
                            std::vector{stored, writer_.store(name + ".scales", {count},
                                                              OnnxType::kFloat, scales)},
                            name)
                       .with("axis", std::int64_t{0}));
    return name;
  }

  std::string weights(const Operator& layer, const RealLayer& from, int inputs) {
    const auto window =
        static_cast<std::size_t>(layer.kernel) * static_cast<std::size_t>(layer.kernel);
    const auto channels = static_cast<std::size_t>(inputs);
    std::vector<std::int8_t> by_input(from.weights.size());
    for (std::size_t i = 0; i < from.weights.size(); ++i) {
      const std::size_t row = i / (window * channels);
      const std::size_t tap = i / channels % window;
      by_input[(row * channels + i % channels) * window + tap] = from.weights[i];
    }
    const std::string stored = writer_.store(layer.name + ".weights.codes",
                                             {layer.channels, inputs, layer.kernel, layer.kernel},
                                             OnnxType::kInt8, by_input);
    return per_channel(layer.name + ".weights", stored, from.weight_scales);
  }

  std::string biases(const Operator& layer, const RealLayer& from) {
    const std::string stored = writer_.store(layer.name + ".biases.codes", {layer.channels},
                                             OnnxType::kInt32, from.biases);
    return per_channel(layer.name + ".biases", stored, from.bias_scales);
  }

  void write_concatenation(const Operator& layer) {
    const std::vector<std::uint8_t>* const tables[] = {&layer.requantization.table,
                                                       &layer.second_table};
    std::vector<std::string> parts;
    for (std::size_t which = 0; which < 2; ++which) {
      parts.push_back(codes(input_of(model_, layer, which)));
      if (tables[which]->empty()) continue;
      const std::string part = fmt::format("{}.part{}", layer.name, which);
      look_up(parts.back(), *tables[which], part);
      parts.back() = part;
    }
    writer_.append(OnnxNode("Concat", parts, codes(layer)).with("axis", std::int64_t{1}));
  }

  void write_softmax(const Operator& layer) {
    const std::string flat = layer.name + ".flat";
    append("Flatten", {real_input(layer)}, flat);
    writer_.append(
        OnnxNode("Softmax", std::vector{flat}, kOnnxOutput).with("axis", std::int64_t{1}));
    writer_.add_output(kOnnxOutput, {1, layer.channels});
  }

  const model::IntegerModel& model_;
  OnnxWriter writer_;
};

}  // namespace

std::string export_qdq(const model::IntegerModel& model) {
  return QdqExport(model).run();
}

}  // namespace coco_mcu::exchange
