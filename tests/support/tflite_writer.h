// A small int8 model of TensorFlow Lite for tests: input 4x4x3, 1x1 convolution to 2 channels,
// mean, reshape, softmax.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "exchange/tflite_model_generated.h"

namespace coco_mcu::testing {

struct TfliteChanges {
  std::int32_t second_operator = 1;  // AVERAGE_POOL_2D
  std::int8_t activation = 0;        // of the convolution
  std::int32_t curve = 0;            // operator between convolution and mean; 0: none
  int pool = 4;                      // height and width of the pool's window
  float softmax_scale = 1.0F / 256.0F;
};

class TfliteWriter {
 public:
  static std::vector<std::uint8_t> write(const TfliteChanges& changes = {}) {
    return TfliteWriter().run(changes);
  }

 private:
  template <typename Table>
  using Offsets = std::vector<flatbuffers::Offset<Table>>;
  using Ints = std::vector<std::int32_t>;

  void buffer(const void* data, std::size_t bytes) {
    const auto* begin = static_cast<const std::uint8_t*>(data);
    const std::vector<std::uint8_t> copy(begin, begin + bytes);
    buffers_.push_back(exchange::tflite::CreateBufferDirect(builder_, &copy));
  }

  void tensor(const char* name, const Ints& shape, std::int8_t type, std::uint32_t at,
              const std::vector<float>& scales, std::int64_t zero) {
    const std::vector<std::int64_t> zeros(scales.size(), zero);
    const auto quantization = exchange::tflite::CreateQuantizationParametersDirect(
        builder_, nullptr, nullptr, &scales, &zeros);
    tensors_.push_back(
        exchange::tflite::CreateTensorDirect(builder_, &shape, type, at, name, quantization));
  }

  template <typename Table>
  void op(std::uint32_t code, const Ints& inputs, const Ints& outputs,
          flatbuffers::Offset<Table> options) {
    operators_.push_back(exchange::tflite::CreateOperatorDirect(
        builder_, code, &inputs, &outputs, 1,
        flatbuffers::Offset<exchange::tflite::Options>(options.o)));
  }

  std::vector<std::uint8_t> run(const TfliteChanges& changes) {
    namespace tflite = exchange::tflite;
    const std::int8_t weights[] = {1, 2, 3, -4, -5, -6};
    const std::int32_t biases[] = {100, -100};
    buffer(nullptr, 0);
    buffer(weights, sizeof(weights));
    buffer(biases, sizeof(biases));
    tensor("pixels", {1, 4, 4, 3}, 9, 0, {0.02F}, -3);
    tensor("weights", {2, 1, 1, 3}, 9, 1, {0.01F, 0.02F}, 0);
    tensor("biases", {2}, 2, 2, {0.0002F, 0.0004F}, 0);
    tensor("features", {1, 4, 4, 2}, 9, 0, {0.05F}, 5);
    tensor("mean", {1, 1, 1, 2}, 9, 0, {0.05F}, 5);
    tensor("logits", {1, 2}, 9, 0, {0.05F}, 5);
    tensor("probabilities", {1, 2}, 9, 0, {changes.softmax_scale}, -128);
    tensor("curve", {1, 4, 4, 2}, 9, 0, {0.05F}, 5);
    for (const std::int32_t code : {3, changes.second_operator, 22, 25, changes.curve}) {
      codes_.push_back(tflite::CreateOperatorCodeDirect(builder_, static_cast<std::int8_t>(code),
                                                        nullptr, 1, code));
    }
    op(0, {0, 1, 2}, {3}, tflite::CreateConv2DOptions(builder_, 0, 1, 1, changes.activation, 1, 1));
    if (changes.curve != 0) op(4, {3}, {7}, tflite::CreateOptions(builder_));
    op(1, {changes.curve != 0 ? 7 : 3}, {4},
       tflite::CreatePool2DOptions(builder_, 1, 1, 1, changes.pool, changes.pool, 0));
    op(2, {4}, {5}, tflite::CreateOptions(builder_));
    op(3, {5}, {6}, tflite::CreateSoftmaxOptions(builder_, 1.0F));
    const Ints inputs = {0};
    const Ints outputs = {6};
    const Offsets<tflite::SubGraph> graphs = {
        tflite::CreateSubGraphDirect(builder_, &tensors_, &inputs, &outputs, &operators_)};
    builder_.Finish(tflite::CreateModelDirect(builder_, 3, &codes_, &graphs, "test", &buffers_),
                    "TFL3");
    return {builder_.GetBufferPointer(), builder_.GetBufferPointer() + builder_.GetSize()};
  }

  flatbuffers::FlatBufferBuilder builder_;
  Offsets<exchange::tflite::Buffer> buffers_;
  Offsets<exchange::tflite::Tensor> tensors_;
  Offsets<exchange::tflite::OperatorCode> codes_;
  Offsets<exchange::tflite::Operator> operators_;
};

}  // namespace coco_mcu::testing
