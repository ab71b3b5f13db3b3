// Writes ONNX files: nodes, stored tensors, what goes in and out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <protozero/pbf_writer.hpp>

namespace coco_mcu::exchange {

using OnnxIntegers = std::vector<std::int64_t>;

/// TensorProto.DataType.
enum class OnnxType { kFloat = 1, kUint8 = 2, kInt8 = 3, kInt32 = 6, kInt64 = 7 };

/// The output of every exported network: one probability for each label.
constexpr const char* kOnnxOutput = "probabilities";

/// One node of the graph while it is written. It is named after its output.
class OnnxNode {
 public:
  OnnxNode(std::string_view type, std::span<const std::string> inputs, std::string_view output);

  OnnxNode& with(const char* name, std::int64_t value);
  OnnxNode& with(const char* name, float value);
  OnnxNode& with(const char* name, const char* value);
  OnnxNode& with(const char* name, const OnnxIntegers& values);

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  protozero::pbf_writer writer_{bytes_};
};

class OnnxWriter {
 public:
  void append(const OnnxNode& node);

  /// A constant tensor; its name.
  std::string store(const std::string& name, const OnnxIntegers& shape, OnnxType type,
                    std::span<const std::byte> data);
  template <typename Number>
  std::string store(const std::string& name, const OnnxIntegers& shape, OnnxType type,
                    const std::vector<Number>& numbers) {
    return store(name, shape, type, std::as_bytes(std::span(numbers)));
  }

  /// Float tensors that a runtime gives and takes.
  void add_input(const std::string& name, const OnnxIntegers& shape);
  void add_output(const std::string& name, const OnnxIntegers& shape);

  /// Nearest upsampling by a whole factor in rows and columns: out[i] = in[i / factor].
  void append_upsample(const std::string& input, int factor, const std::string& output);
  /// Rows and columns `begin` to `end`, without the last.
  void append_slice(const std::string& input, const OnnxIntegers& begin, const OnnxIntegers& end,
                    const std::string& output);

  /// The file, opset 13, with pairs of names and texts beside the graph.
  std::string finish(const std::string& name, const std::map<std::string, std::string>& metadata);

 private:
  void describe(protozero::pbf_tag_type field, const std::string& name, const OnnxIntegers& shape);

  std::string graph_bytes_;
  protozero::pbf_writer graph_{graph_bytes_};
};

}  // namespace coco_mcu::exchange
