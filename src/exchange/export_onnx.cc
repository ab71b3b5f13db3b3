#include "exchange/export_onnx.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>

namespace coco_mcu::exchange {
namespace {

using network::Node;
using network::NodeId;
using network::Op;
using protozero::pbf_writer;

// Numbers of fields and enums in onnx.proto3.
namespace model_field {
enum : protozero::pbf_tag_type { kIrVersion = 1, kProducer = 2, kGraph = 7, kOpset = 8 };
}
namespace opset_field {
enum : protozero::pbf_tag_type { kVersion = 2 };
}
namespace graph_field {
enum : protozero::pbf_tag_type {
  kNode = 1,
  kName = 2,
  kInitializer = 5,
  kInput = 11,
  kOutput = 12
};
}
namespace node_field {
enum : protozero::pbf_tag_type {
  kInput = 1,
  kOutput = 2,
  kName = 3,
  kOperator = 4,
  kAttribute = 5
};
}
namespace attribute_field {
enum : protozero::pbf_tag_type {
  kName = 1,
  kFloat = 2,
  kInteger = 3,
  kText = 4,
  kIntegers = 8,
  kType = 20
};
}
namespace tensor_field {
enum : protozero::pbf_tag_type { kDimensions = 1, kType = 2, kName = 8, kRaw = 9 };
}

constexpr int kAttributeFloat = 1;
constexpr int kAttributeInteger = 2;
constexpr int kAttributeText = 3;
constexpr int kAttributeIntegers = 7;
constexpr int kTensorFloat = 1;
constexpr int kTensorInt64 = 7;
constexpr int kIrVersion = 8;
constexpr int kOpset = 13;

using Integers = std::vector<std::int64_t>;

/// One node of the graph while it is written.
class OnnxNode {
 public:
  OnnxNode(std::string_view type, std::span<const std::string> inputs, std::string_view output) {
    for (const std::string& input : inputs) writer_.add_string(node_field::kInput, input);
    writer_.add_string(node_field::kOutput, output.data(), output.size());
    writer_.add_string(node_field::kName, output.data(), output.size());
    writer_.add_string(node_field::kOperator, type.data(), type.size());
  }

  OnnxNode& with(const char* name, std::int64_t value) {
    pbf_writer attribute(writer_, node_field::kAttribute);
    attribute.add_string(attribute_field::kName, name);
    attribute.add_int64(attribute_field::kInteger, value);
    attribute.add_int32(attribute_field::kType, kAttributeInteger);
    return *this;
  }
  OnnxNode& with(const char* name, float value) {
    pbf_writer attribute(writer_, node_field::kAttribute);
    attribute.add_string(attribute_field::kName, name);
    attribute.add_float(attribute_field::kFloat, value);
    attribute.add_int32(attribute_field::kType, kAttributeFloat);
    return *this;
  }
  OnnxNode& with(const char* name, const char* value) {
    pbf_writer attribute(writer_, node_field::kAttribute);
    attribute.add_string(attribute_field::kName, name);
    attribute.add_string(attribute_field::kText, value);
    attribute.add_int32(attribute_field::kType, kAttributeText);
    return *this;
  }
  OnnxNode& with(const char* name, const Integers& values) {
    pbf_writer attribute(writer_, node_field::kAttribute);
    attribute.add_string(attribute_field::kName, name);
    for (const std::int64_t value : values) {
      attribute.add_int64(attribute_field::kIntegers, value);
    }
    attribute.add_int32(attribute_field::kType, kAttributeIntegers);
    return *this;
  }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  pbf_writer writer_{bytes_};
};

class Export {
 public:
  explicit Export(const network::Checkpoint& checkpoint)
      : checkpoint_(checkpoint), network_(network_of(checkpoint)) {}

  std::string run() {
    for (NodeId id = 1; id < static_cast<NodeId>(network_.nodes.size()); ++id) write(id);
    append(OnnxNode("Flatten", std::vector{network_.output().name}, kOutputName));
    graph_.add_string(graph_field::kName, network_.name);
    const network::Shape& input = network_.input().output;
    describe(graph_field::kInput, network_.input().name,
             {1, input.channels, input.height, input.width});
    describe(graph_field::kOutput, kOutputName, {1, network_.output().output.channels});
    std::string file;
    pbf_writer model(file);
    model.add_int64(model_field::kIrVersion, kIrVersion);
    model.add_string(model_field::kProducer, network::created_by());
    model.add_message(model_field::kGraph, graph_bytes_);
    pbf_writer opset(model, model_field::kOpset);
    opset.add_int64(opset_field::kVersion, kOpset);
    opset.commit();
    return file;
  }

 private:
  static constexpr const char* kOutputName = "probabilities";

  const Node& node(NodeId id) const { return network_.nodes[static_cast<std::size_t>(id)]; }

  void append(const OnnxNode& made) { graph_.add_message(graph_field::kNode, made.bytes()); }

  void describe(protozero::pbf_tag_type field, const std::string& name, const Integers& shape) {
    pbf_writer info(graph_, field);
    info.add_string(1, name);    // ValueInfoProto.name
    pbf_writer type(info, 2);    // .type
    pbf_writer tensor(type, 1);  // TypeProto.tensor_type
    tensor.add_int32(1, kTensorFloat);
    pbf_writer sizes(tensor, 2);  // Tensor.shape
    for (const std::int64_t size : shape) {
      pbf_writer dimension(sizes, 1);
      dimension.add_int64(1, size);
    }
  }

  void store(const std::string& name, const Integers& shape, int type, const void* data,
             std::size_t bytes) {
    pbf_writer tensor(graph_, graph_field::kInitializer);
    for (const std::int64_t size : shape) tensor.add_int64(tensor_field::kDimensions, size);
    tensor.add_int32(tensor_field::kType, type);
    tensor.add_string(tensor_field::kName, name);
    tensor.add_bytes(tensor_field::kRaw, static_cast<const char*>(data), bytes);
  }

  /// A parameter of the node as an initializer; its name.
  std::string parameter(const Node& of, const char* part) {
    std::string name = fmt::format("{}.{}", of.name, part);
    const network::Tensor& tensor = checkpoint_.tensors.at(name);
    store(name, tensor.shape, kTensorFloat, tensor.values.data(),
          tensor.values.size() * sizeof(float));
    return name;
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
        const float one = 1.0F;
        const std::string sigmoid = from.name + ".sigmoid";
        const std::string constant = from.name + ".one";
        append(OnnxNode("Sigmoid", inputs, sigmoid));
        store(constant, {}, kTensorFloat, &one, sizeof(one));
        return append(OnnxNode("Add", std::vector{sigmoid, constant}, from.name));
      }
      case Op::kMaxPool:
        return append(OnnxNode("MaxPool", inputs, from.name)
                          .with("kernel_shape", Integers{from.kernel, from.kernel})
                          .with("strides", Integers{from.stride, from.stride}));
      case Op::kUpsample:
        return write_upsample(from);
      case Op::kCrop:
        return write_crop(from);
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
    const auto behind = [&](int size, int windows) {
      return std::max((windows - 1) * from.stride - from.padding + from.kernel - size, 0);
    };
    std::vector<std::string> inputs = inputs_of(from);
    inputs.push_back(parameter(from, "weight"));
    if (from.bias) inputs.push_back(parameter(from, "bias"));
    const bool is_depthwise = from.op == Op::kDepthwiseConv;
    append(OnnxNode("Conv", inputs, from.name)
               .with("group", std::int64_t{is_depthwise ? from.output.channels : 1})
               .with("kernel_shape", Integers{from.kernel, from.kernel})
               .with("strides", Integers{from.stride, from.stride})
               .with("pads",
                     Integers{from.padding, from.padding, behind(input.height, from.output.height),
                              behind(input.width, from.output.width)}));
  }

  void write_batch_norm(const Node& from) {
    std::vector<std::string> inputs = inputs_of(from);
    for (const char* part : {"weight", "bias", "running_mean", "running_var"}) {
      inputs.push_back(parameter(from, part));
    }
    append(OnnxNode("BatchNormalization", inputs, from.name)
               .with("epsilon", static_cast<float>(network::kBatchNormEpsilon)));
  }

  void write_upsample(const Node& from) {
    const auto factor = static_cast<float>(from.factor);
    const float scales[] = {1.0F, 1.0F, factor, factor};
    const std::string name = from.name + ".scales";
    store(name, {4}, kTensorFloat, scales, sizeof(scales));
    const std::vector<std::string> inputs = {node(from.inputs[0]).name, "", name};
    append(OnnxNode("Resize", inputs, from.name)
               .with("mode", "nearest")
               .with("coordinate_transformation_mode", "asymmetric")
               .with("nearest_mode", "floor"));
  }

  void write_crop(const Node& from) {
    const std::int64_t starts[] = {from.offset, from.offset};
    const std::int64_t ends[] = {INT64_MAX, INT64_MAX};
    const std::int64_t axes[] = {2, 3};
    std::vector<std::string> inputs = inputs_of(from);
    const auto add = [&](const char* part, const std::int64_t(&values)[2]) {
      inputs.push_back(fmt::format("{}.{}", from.name, part));
      store(inputs.back(), {2}, kTensorInt64, values, sizeof(values));
    };
    add("starts", starts);
    add("ends", ends);
    add("axes", axes);
    append(OnnxNode("Slice", inputs, from.name));
  }

  const network::Checkpoint& checkpoint_;
  network::Network network_;
  std::string graph_bytes_;
  pbf_writer graph_{graph_bytes_};
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
