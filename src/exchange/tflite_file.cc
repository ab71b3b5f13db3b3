#include "exchange/tflite_file.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "exchange/refusal.h"
#include "exchange/tflite_model_generated.h"

namespace coco_mcu::exchange {
namespace {

/// Names of operators that people's models have and this program has not.
struct OtherOp {
  int code;
  std::string_view name;
};
constexpr OtherOp kOtherOps[] = {
    {23, "RESIZE_BILINEAR"}, {28, "TANH"},     {39, "TRANSPOSE"}, {41, "SUB"},
    {45, "STRIDED_SLICE"},   {49, "SPLIT"},    {54, "PRELU"},     {67, "TRANSPOSE_CONV"},
    {98, "LEAKY_RELU"},      {102, "SPLIT_V"},
};

std::string name_of(int number) {
  const auto* other = std::ranges::find(kOtherOps, number, &OtherOp::code);
  return other != std::end(kOtherOps) ? std::string(other->name) : fmt::format("number {}", number);
}

class Reader {
 public:
  Reader(std::span<const std::uint8_t> bytes, std::string_view file)
      : bytes_(bytes), file_(file), verifier_(bytes.data(), bytes.size()) {}

  TfliteFile run() {
    const bool is_tflite =
        bytes_.size() >= 8 && std::equal(bytes_.begin() + 4, bytes_.begin() + 8, "TFL3");
    if (!is_tflite) fail(file_, "is not a TensorFlow Lite model; give a .tflite file");
    if (!tflite::VerifyModelBuffer(verifier_)) fail(file_, "has broken offsets; copy it again");
    model_ = tflite::GetModel(bytes_.data());
    if (model_->subgraphs() == nullptr || model_->subgraphs()->size() != 1 ||
        model_->buffers() == nullptr || model_->operator_codes() == nullptr) {
      fail(file_, "does not have exactly one graph; convert one without control flow");
    }
    const tflite::SubGraph& graph = *model_->subgraphs()->Get(0);
    if (graph.tensors() == nullptr || graph.operators() == nullptr || !holds_one(graph.inputs()) ||
        !holds_one(graph.outputs())) {
      fail(file_, "does not go from one input to one output; convert the part that does");
    }
    for (const tflite::Tensor* tensor : *graph.tensors()) take(*tensor);
    made_.input = checked_tensor(graph.inputs()->Get(0));
    made_.output = checked_tensor(graph.outputs()->Get(0));
    for (const tflite::Operator* each : *graph.operators()) take(*each);
    take_metadata();
    return std::move(made_);
  }

 private:
  static bool holds_one(const flatbuffers::Vector<std::int32_t>* list) {
    return list != nullptr && list->size() == 1;
  }

  int checked_tensor(std::int32_t index) const {
    if (index < 0 || static_cast<std::size_t>(index) >= made_.tensors.size()) {
      fail(file_, "names a tensor that it does not have; copy it again");
    }
    return index;
  }

  void take(const tflite::Tensor& from) {
    TfliteTensor tensor;
    if (from.name() != nullptr) tensor.name = from.name()->str();
    tensor.type = from.type();
    if (from.shape() != nullptr) tensor.shape.assign(from.shape()->begin(), from.shape()->end());
    if (const auto* quantization = from.quantization()) {
      tensor.scaled_dimension = quantization->quantized_dimension();
      if (const auto* scales = quantization->scale()) {
        tensor.scales.assign(scales->begin(), scales->end());
      }
      if (const auto* zeros = quantization->zero_point()) {
        // The verifier lets lists of 64-bit numbers begin anywhere.
        tensor.zero_points.resize(zeros->size());
        std::copy_n(zeros->Data(), zeros->size() * sizeof(std::int64_t),
                    reinterpret_cast<std::uint8_t*>(tensor.zero_points.data()));
      }
    }
    tensor.data = buffer(from.buffer());
    made_.tensors.push_back(std::move(tensor));
  }

  std::span<const std::uint8_t> buffer(std::uint32_t index) const {
    if (index >= model_->buffers()->size()) {
      fail(file_, "names a buffer that it does not have; copy it again");
    }
    const auto* data = model_->buffers()->Get(index)->data();
    if (data == nullptr) return {};
    return {data->data(), data->size()};
  }

  void take_metadata() {
    if (model_->metadata() == nullptr) return;
    for (const tflite::Metadata* entry : *model_->metadata()) {
      if (entry->name() == nullptr) continue;
      const std::span<const std::uint8_t> text = buffer(entry->buffer());
      made_.metadata[entry->name()->str()].assign(text.begin(), text.end());
    }
  }

  [[noreturn]] void refuse(std::string_view reason) const {
    fail(file_, fmt::format("operator {} ({}): {}; there is none of that kind here",
                            made_.operators.size(), name_, reason));
  }

  TfliteOp op_of(const tflite::Operator& from) {
    if (from.opcode_index() >= model_->operator_codes()->size()) {
      fail(file_, "names an operator that it does not have; copy it again");
    }
    const tflite::OperatorCode& code = *model_->operator_codes()->Get(from.opcode_index());
    const int number = std::max<int>(code.code(), code.narrow_code());
    if (const TfliteOpFacts* known = tflite_op(number)) {
      name_ = known->name;
      return known->op;
    }
    fail(file_, fmt::format("operator {} ({}) is not known; there is: {}", made_.operators.size(),
                            name_of(number), tflite_op_names()));
  }

  /// The operator's options, verified; null where it has none.
  template <typename Table>
  const Table* options(const tflite::Operator& from) {
    const auto* table = reinterpret_cast<const Table*>(from.options());
    if (table != nullptr && !table->Verify(verifier_)) refuse("has broken options");
    return table;
  }

  template <typename Table>
  void take_window(const Table& from, TfliteOperator& made) {
    if (from.stride_w() != from.stride_h() || from.stride_w() < 1) {
      refuse(fmt::format("strides of {} x {}", from.stride_h(), from.stride_w()));
    }
    made.pads = from.padding() == 0;
    made.stride = from.stride_w();
    made.activation = from.activation();
  }

  template <typename Table>
  void take_convolution(const tflite::Operator& from, TfliteOperator& made) {
    const auto* table = options<Table>(from);
    if (table == nullptr) refuse("has no options");
    take_window(*table, made);
    if (table->dilation_w() != 1 || table->dilation_h() != 1) refuse("is dilated");
  }

  void take_options(const tflite::Operator& from, TfliteOperator& made) {
    switch (made.op) {
      case TfliteOp::kConvolution:
        return take_convolution<tflite::Conv2DOptions>(from, made);
      case TfliteOp::kDepthwise:
        return take_convolution<tflite::DepthwiseConv2DOptions>(from, made);
      case TfliteOp::kAveragePool:
      case TfliteOp::kMaxPool: {
        const auto* table = options<tflite::Pool2DOptions>(from);
        if (table == nullptr) refuse("has no options");
        take_window(*table, made);
        made.filter_height = table->filter_height();
        made.filter_width = table->filter_width();
        return;
      }
      case TfliteOp::kFullyConnected:
        if (const auto* table = options<tflite::FullyConnectedOptions>(from)) {
          made.activation = table->activation();
        }
        return;
      case TfliteOp::kConcatenation:
        if (const auto* table = options<tflite::ConcatenationOptions>(from)) {
          made.activation = table->activation();
          if (table->axis() != 3 && table->axis() != -1) refuse("does not join channels");
        }
        return;
      case TfliteOp::kAdd:
        if (const auto* table = options<tflite::AddOptions>(from)) {
          made.activation = table->activation();
        }
        return;
      case TfliteOp::kMul:
        if (const auto* table = options<tflite::MulOptions>(from)) {
          made.activation = table->activation();
        }
        return;
      case TfliteOp::kGather:
        if (const auto* table = options<tflite::GatherOptions>(from)) {
          if (table->axis() != 0) refuse("does not read along the first dimension");
        }
        return;
      case TfliteOp::kResizeNearest:
        if (const auto* table = options<tflite::ResizeNearestOptions>(from)) {
          if (table->align_corners()) refuse("aligns corners");
          made.has_half_pixels = table->half_pixel_centers();
        }
        return;
      case TfliteOp::kSoftmax:
        if (const auto* table = options<tflite::SoftmaxOptions>(from)) made.beta = table->beta();
        return;
      case TfliteOp::kRelu:
        made.activation = kTfliteRelu;
        return;
      case TfliteOp::kRelu6:
        made.activation = kTfliteRelu6;
        return;
      case TfliteOp::kHardSwish:
      case TfliteOp::kLogistic:
      case TfliteOp::kReshape:
      case TfliteOp::kMean:
      case TfliteOp::kPad:
      case TfliteOp::kSlice:
      case TfliteOp::kCast:
      case TfliteOp::kQuantize:
      case TfliteOp::kDequantize:
        return;
    }
  }

  void take(const tflite::Operator& from) {
    TfliteOperator made;
    made.op = op_of(from);
    if (from.inputs() == nullptr || from.inputs()->size() == 0 || !holds_one(from.outputs())) {
      refuse("has no input or more than one output");
    }
    for (const std::int32_t input : *from.inputs()) {
      made.inputs.push_back(input < 0 ? -1 : checked_tensor(input));
    }
    made.output = checked_tensor(from.outputs()->Get(0));
    take_options(from, made);
    const bool is_limit = made.activation == kTfliteNone || made.activation == kTfliteRelu ||
                          made.activation == kTfliteRelu6;
    if (!is_limit) refuse(fmt::format("fused activation number {}", made.activation));
    made_.operators.push_back(std::move(made));
  }

  std::span<const std::uint8_t> bytes_;
  std::string_view file_;
  flatbuffers::Verifier verifier_;
  const tflite::Model* model_ = nullptr;
  std::string_view name_;  // of the operator that is being read
  TfliteFile made_;
};

}  // namespace

TfliteFile read_tflite(std::span<const std::uint8_t> bytes, std::string_view file) {
  return Reader(bytes, file).run();
}

}  // namespace coco_mcu::exchange
