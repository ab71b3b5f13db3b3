#include <algorithm>

#include "exchange/tflite_file.h"
#include "exchange/tflite_model_generated.h"
#include "network/checkpoint.h"

namespace coco_mcu::exchange {
namespace {

constexpr std::uint32_t kSchemaVersion = 3;
constexpr const char* kIdentifier = "TFL3";
constexpr int kMostNarrow = 127;  // operators beyond have their number in the wide field alone

class Writer {
 public:
  explicit Writer(const TfliteFile& from) : from_(from) {}

  std::string run(const std::string& name) {
    store({});  // what is computed has this one
    for (const TfliteTensor& tensor : from_.tensors) write(tensor);
    for (const TfliteOperator& op : from_.operators) write(op);
    const std::vector<std::int32_t> inputs = {from_.input};
    const std::vector<std::int32_t> outputs = {from_.output};
    const Offsets<tflite::SubGraph> graphs = {tflite::CreateSubGraphDirect(
        builder_, &tensors_, &inputs, &outputs, &operators_, name.c_str())};
    const Offsets<tflite::Metadata> metadata = write_metadata();
    builder_.Finish(
        tflite::CreateModelDirect(builder_, kSchemaVersion, &codes_, &graphs,
                                  network::created_by().c_str(), &buffers_, nullptr, &metadata),
        kIdentifier);
    return {reinterpret_cast<const char*>(builder_.GetBufferPointer()), builder_.GetSize()};
  }

 private:
  template <typename Table>
  using Offsets = std::vector<flatbuffers::Offset<Table>>;

  /// The buffer's index.
  std::uint32_t store(std::span<const std::uint8_t> bytes) {
    const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
    buffers_.push_back(tflite::CreateBufferDirect(builder_, copy.empty() ? nullptr : &copy));
    return static_cast<std::uint32_t>(buffers_.size() - 1);
  }

  void write(const TfliteTensor& tensor) {
    const std::uint32_t buffer = tensor.data.empty() ? 0 : store(tensor.data);
    flatbuffers::Offset<tflite::QuantizationParameters> grid;
    if (!tensor.scales.empty()) {
      grid = tflite::CreateQuantizationParametersDirect(builder_, nullptr, nullptr, &tensor.scales,
                                                        &tensor.zero_points, 0, 0,
                                                        tensor.scaled_dimension);
    }
    tensors_.push_back(tflite::CreateTensorDirect(builder_, &tensor.shape,
                                                  static_cast<std::int8_t>(tensor.type), buffer,
                                                  tensor.name.c_str(), grid));
  }

  template <typename Table>
  static flatbuffers::Offset<tflite::Options> as_options(flatbuffers::Offset<Table> table) {
    return {table.o};
  }

  flatbuffers::Offset<tflite::Options> options_of(const TfliteOperator& op) {
    const auto padding = static_cast<std::int8_t>(op.pads ? 0 : 1);
    const auto activation = static_cast<std::int8_t>(op.activation);
    switch (op.op) {
      case TfliteOp::kConvolution:
        return as_options(
            tflite::CreateConv2DOptions(builder_, padding, op.stride, op.stride, activation));
      case TfliteOp::kDepthwise:
        return as_options(tflite::CreateDepthwiseConv2DOptions(builder_, padding, op.stride,
                                                               op.stride, 1, activation));
      case TfliteOp::kAveragePool:
      case TfliteOp::kMaxPool:
        return as_options(tflite::CreatePool2DOptions(builder_, padding, op.stride, op.stride,
                                                      op.filter_width, op.filter_height,
                                                      activation));
      case TfliteOp::kFullyConnected:
        return as_options(tflite::CreateFullyConnectedOptions(builder_, activation));
      case TfliteOp::kAdd:
        return as_options(tflite::CreateAddOptions(builder_, activation));
      case TfliteOp::kMul:
        return as_options(tflite::CreateMulOptions(builder_, activation));
      case TfliteOp::kConcatenation:
        return as_options(tflite::CreateConcatenationOptions(builder_, 3, activation));
      case TfliteOp::kMean:
        return as_options(tflite::CreateReducerOptions(builder_, true));
      case TfliteOp::kGather:
        return as_options(tflite::CreateGatherOptions(builder_, 0));
      case TfliteOp::kResizeNearest:
        return as_options(tflite::CreateResizeNearestOptions(builder_, false, op.has_half_pixels));
      case TfliteOp::kSoftmax:
        return as_options(tflite::CreateSoftmaxOptions(builder_, op.beta));
      default:
        return {};
    }
  }

  /// The index of the operator's kind among the codes of the file.
  std::uint32_t code_of(TfliteOp op) {
    const auto [known, is_new] = places_.try_emplace(op, static_cast<std::uint32_t>(codes_.size()));
    if (is_new) {
      const auto number = static_cast<std::int32_t>(op);
      codes_.push_back(tflite::CreateOperatorCodeDirect(
          builder_, static_cast<std::int8_t>(std::min(number, kMostNarrow)), nullptr,
          tflite_op(number)->version, number));
    }
    return known->second;
  }

  void write(const TfliteOperator& op) {
    const std::uint32_t code = code_of(op.op);
    const std::vector<std::int32_t> outputs = {op.output};
    operators_.push_back(tflite::CreateOperatorDirect(
        builder_, code, &op.inputs, &outputs, tflite_op(static_cast<std::int32_t>(op.op))->options,
        options_of(op)));
  }

  Offsets<tflite::Metadata> write_metadata() {
    Offsets<tflite::Metadata> entries;
    for (const auto& [key, value] : from_.metadata) {
      const std::uint32_t buffer =
          store({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
      entries.push_back(tflite::CreateMetadataDirect(builder_, key.c_str(), buffer));
    }
    return entries;
  }

  const TfliteFile& from_;
  flatbuffers::FlatBufferBuilder builder_;
  std::map<TfliteOp, std::uint32_t> places_;
  Offsets<tflite::OperatorCode> codes_;
  Offsets<tflite::Buffer> buffers_;
  Offsets<tflite::Tensor> tensors_;
  Offsets<tflite::Operator> operators_;
};

}  // namespace

std::string write_tflite(const TfliteFile& from, const std::string& name) {
  return Writer(from).run(name);
}

}  // namespace coco_mcu::exchange
