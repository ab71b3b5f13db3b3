#include "exchange/onnx_writer.h"

#include "network/checkpoint.h"

namespace coco_mcu::exchange {
namespace {

using protozero::pbf_writer;

// Numbers of fields and enums in onnx.proto3.
namespace model_field {
enum : protozero::pbf_tag_type {
  kIrVersion = 1,
  kProducer = 2,
  kGraph = 7,
  kOpset = 8,
  kMetadata = 14
};
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
constexpr int kIrVersion = 8;
constexpr int kOpset = 13;

void append_pair(pbf_writer& model, const std::string& key, const std::string& value) {
  pbf_writer pair(model, model_field::kMetadata);
  pair.add_string(1, key);    // StringStringEntryProto.key
  pair.add_string(2, value);  // .value
}

}  // namespace

OnnxNode::OnnxNode(std::string_view type, std::span<const std::string> inputs,
                   std::string_view output) {
  for (const std::string& input : inputs) writer_.add_string(node_field::kInput, input);
  writer_.add_string(node_field::kOutput, output.data(), output.size());
  writer_.add_string(node_field::kName, output.data(), output.size());
  writer_.add_string(node_field::kOperator, type.data(), type.size());
}

OnnxNode& OnnxNode::with(const char* name, std::int64_t value) {
  pbf_writer attribute(writer_, node_field::kAttribute);
  attribute.add_string(attribute_field::kName, name);
  attribute.add_int64(attribute_field::kInteger, value);
  attribute.add_int32(attribute_field::kType, kAttributeInteger);
  return *this;
}

OnnxNode& OnnxNode::with(const char* name, float value) {
  pbf_writer attribute(writer_, node_field::kAttribute);
  attribute.add_string(attribute_field::kName, name);
  attribute.add_float(attribute_field::kFloat, value);
  attribute.add_int32(attribute_field::kType, kAttributeFloat);
  return *this;
}

OnnxNode& OnnxNode::with(const char* name, const char* value) {
  pbf_writer attribute(writer_, node_field::kAttribute);
  attribute.add_string(attribute_field::kName, name);
  attribute.add_string(attribute_field::kText, value);
  attribute.add_int32(attribute_field::kType, kAttributeText);
  return *this;
}

OnnxNode& OnnxNode::with(const char* name, const OnnxIntegers& values) {
  pbf_writer attribute(writer_, node_field::kAttribute);
  attribute.add_string(attribute_field::kName, name);
  for (const std::int64_t value : values) attribute.add_int64(attribute_field::kIntegers, value);
  attribute.add_int32(attribute_field::kType, kAttributeIntegers);
  return *this;
}

void OnnxWriter::append(const OnnxNode& node) {
  graph_.add_message(graph_field::kNode, node.bytes());
}

std::string OnnxWriter::store(const std::string& name, const OnnxIntegers& shape, OnnxType type,
                              std::span<const std::byte> data) {
  pbf_writer tensor(graph_, graph_field::kInitializer);
  for (const std::int64_t size : shape) tensor.add_int64(tensor_field::kDimensions, size);
  tensor.add_int32(tensor_field::kType, static_cast<int>(type));
  tensor.add_string(tensor_field::kName, name);
  tensor.add_bytes(tensor_field::kRaw, reinterpret_cast<const char*>(data.data()), data.size());
  return name;
}

void OnnxWriter::add_input(const std::string& name, const OnnxIntegers& shape) {
  describe(graph_field::kInput, name, shape);
}

void OnnxWriter::add_output(const std::string& name, const OnnxIntegers& shape) {
  describe(graph_field::kOutput, name, shape);
}

void OnnxWriter::describe(protozero::pbf_tag_type field, const std::string& name,
                          const OnnxIntegers& shape) {
  pbf_writer info(graph_, field);
  info.add_string(1, name);    // ValueInfoProto.name
  pbf_writer type(info, 2);    // .type
  pbf_writer tensor(type, 1);  // TypeProto.tensor_type
  tensor.add_int32(1, static_cast<int>(OnnxType::kFloat));
  pbf_writer sizes(tensor, 2);  // Tensor.shape
  for (const std::int64_t size : shape) {
    pbf_writer dimension(sizes, 1);
    dimension.add_int64(1, size);
  }
}

void OnnxWriter::append_upsample(const std::string& input, int factor, const std::string& output) {
  const auto by = static_cast<float>(factor);
  const std::string scales =
      store(output + ".scales", {4}, OnnxType::kFloat, std::vector{1.0F, 1.0F, by, by});
  append(OnnxNode("Resize", std::vector<std::string>{input, "", scales}, output)
             .with("mode", "nearest")
             .with("coordinate_transformation_mode", "asymmetric")
             .with("nearest_mode", "floor"));
}

void OnnxWriter::append_slice(const std::string& input, const OnnxIntegers& begin,
                              const OnnxIntegers& end, const std::string& output) {
  append(OnnxNode("Slice",
                  std::vector{input, store(output + ".starts", {2}, OnnxType::kInt64, begin),
                              store(output + ".ends", {2}, OnnxType::kInt64, end),
                              store(output + ".axes", {2}, OnnxType::kInt64, OnnxIntegers{2, 3})},
                  output));
}

std::string OnnxWriter::finish(const std::string& name,
                               const std::map<std::string, std::string>& metadata) {
  graph_.add_string(graph_field::kName, name);
  std::string file;
  pbf_writer model(file);
  model.add_int64(model_field::kIrVersion, kIrVersion);
  model.add_string(model_field::kProducer, network::created_by());
  model.add_message(model_field::kGraph, graph_bytes_);
  pbf_writer opset(model, model_field::kOpset);
  opset.add_int64(opset_field::kVersion, kOpset);
  opset.commit();
  for (const auto& [key, value] : metadata) append_pair(model, key, value);
  return file;
}

}  // namespace coco_mcu::exchange
