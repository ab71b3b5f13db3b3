#include "exchange/export_onnx.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "exchange/onnx_writer.h"
#include "exchange/padding.h"

namespace coco_mcu::exchange {
namespace {

using network::Node;
using network::NodeId;
using network::Op;

class Export {
 public:
  explicit Export(const network::Checkpoint& checkpoint)
      : checkpoint_(checkpoint), network_(network_of(checkpoint)) {}

  std::string run() {
    for (NodeId id = 1; id < static_cast<NodeId>(network_.nodes.size()); ++id) write(id);
    append(OnnxNode("Flatten", std::vector{network_.output().name}, kOnnxOutput));
    const network::Shape& input = network_.input().output;
    writer_.add_input(network_.input().name, {1, input.channels, input.height, input.width});
    writer_.add_output(kOnnxOutput, {1, network_.output().output.channels});
    return writer_.finish(network_.name, {});
  }

 private:
  const Node& node(NodeId id) const { return network_.nodes[static_cast<std::size_t>(id)]; }

  void append(const OnnxNode& made) { writer_.append(made); }

  /// A parameter of the node as an initializer; its name.
  std::string parameter(const Node& of, const char* part) {
    std::string name = fmt::format("{}.{}", of.name, part);
    const network::Tensor& tensor = checkpoint_.tensors.at(name);
    return writer_.store(name, tensor.shape, OnnxType::kFloat, tensor.values);
  }

  std::vector<std::string> inputs_of(const Node& of) const {
    std::vector<std::string> names;
    for (const NodeId input : of.inputs) names.push_back(node(input).name);
    return names;
  }

  void write(NodeId id) {
    const Node& from = node(id);
    const std::vector<std::string> inputs = inputs_of(from);
    const auto plain = [&](const char* type) { append(OnnxNode(type, inputs, from.name)); };
    switch (from.op) {
      case Op::kConv:
      case Op::kDepthwiseConv:
        return write_convolution(from);
      case Op::kBatchNorm:
        return write_batch_norm(from);
      case Op::kRelu:
        return plain("Relu");
      case Op::kAdd:
        return plain("Add");
      case Op::kMultiply:
        return plain("Mul");
      case Op::kGlobalAveragePool:
        return plain("GlobalAveragePool");
      case Op::kDropout:
        return plain("Identity");
      case Op::kConcatenate:
        return append(OnnxNode("Concat", inputs, from.name).with("axis", std::int64_t{1}));
      case Op::kSoftmax:
        return append(OnnxNode("Softmax", inputs, from.name).with("axis", std::int64_t{1}));
      case Op::kHardSigmoid:
        return write_hard_sigmoid(inputs[0], from.name);
      case Op::kHardSwish: {
        const std::string gate = from.name + ".gate";
        write_hard_sigmoid(inputs[0], gate);
        return append(OnnxNode("Mul", std::vector{inputs[0], gate}, from.name));
      }
      case Op::kSigmoidPlusOne: {
        const std::string sigmoid = from.name + ".sigmoid";
        const std::string constant = from.name + ".one";
        append(OnnxNode("Sigmoid", inputs, sigmoid));
        writer_.store(constant, {}, OnnxType::kFloat, std::vector{1.0F});
        return append(OnnxNode("Add", std::vector{sigmoid, constant}, from.name));
      }
      case Op::kMaxPool:
        return append(OnnxNode("MaxPool", inputs, from.name)
                          .with("kernel_shape", OnnxIntegers{from.kernel, from.kernel})
                          .with("strides", OnnxIntegers{from.stride, from.stride}));
      case Op::kUpsample:
        return writer_.append_upsample(inputs[0], from.factor, from.name);
      case Op::kCrop:
        return writer_.append_slice(inputs[0], {from.offset, from.offset}, {INT64_MAX, INT64_MAX},
                                    from.name);
      case Op::kInput:
        return;
    }
  }

  /// max(0, min(1, x / 6 + 1/2)).
  void write_hard_sigmoid(const std::string& input, const std::string& output) {
    append(OnnxNode("HardSigmoid", std::vector{input}, output)
               .with("alpha", 1.0F / 6.0F)
               .with("beta", 0.5F));
  }

  void write_convolution(const Node& from) {
    const network::Shape& input = node(from.inputs[0]).output;
    std::vector<std::string> inputs = inputs_of(from);
    inputs.push_back(parameter(from, "weight"));
    if (from.bias) inputs.push_back(parameter(from, "bias"));
    const bool is_depthwise = from.op == Op::kDepthwiseConv;
    append(OnnxNode("Conv", inputs, from.name)
               .with("group", std::int64_t{is_depthwise ? from.output.channels : 1})
               .with("kernel_shape", OnnxIntegers{from.kernel, from.kernel})
               .with("strides", OnnxIntegers{from.stride, from.stride})
               .with("pads", OnnxIntegers{from.padding, from.padding,
                                          padding_behind(from, input.height, from.output.height),
                                          padding_behind(from, input.width, from.output.width)}));
  }

  void write_batch_norm(const Node& from) {
    std::vector<std::string> inputs = inputs_of(from);
    for (const char* part : {"weight", "bias", "running_mean", "running_var"}) {
      inputs.push_back(parameter(from, part));
    }
    append(OnnxNode("BatchNormalization", inputs, from.name)
               .with("epsilon", static_cast<float>(network::kBatchNormEpsilon)));
  }

  const network::Checkpoint& checkpoint_;
  network::Network network_;
  OnnxWriter writer_;
};

}  // namespace

std::string export_onnx(const network::Checkpoint& checkpoint) {
  if (!checkpoint.quantizers.empty()) {
    throw std::invalid_argument(
        fmt::format("network {}: computes with fake quantizers, which an ONNX file of floats has "
                    "not; export a checkpoint without them",
                    checkpoint.network));
  }
  network::check_fits(checkpoint, network_of(checkpoint));
  return Export(checkpoint).run();
}

}  // namespace coco_mcu::exchange
