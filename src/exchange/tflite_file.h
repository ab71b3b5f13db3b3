// A TensorFlow Lite file in memory, its offsets verified: tensors and operators as plain values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coco_mcu::exchange {

/// TensorFlow Lite's numbers of the operators that are read here.
enum class TfliteOp : std::int32_t {
  kAveragePool = 1,
  kConcatenation = 2,
  kConvolution = 3,
  kDepthwise = 4,
  kFullyConnected = 9,
  kMaxPool = 17,
  kRelu = 19,
  kRelu6 = 21,
  kReshape = 22,
  kSoftmax = 25,
  kMean = 40,
  kHardSwish = 117,
};

struct TfliteTensor {
  std::string name;
  std::vector<int> shape;
  int type = 0;  // 0: float32, 2: int32, 9: int8
  std::vector<float> scales;
  std::vector<std::int64_t> zero_points;
  std::span<const std::uint8_t> data;  // empty where it is computed
};

struct TfliteOperator {
  TfliteOp op = TfliteOp::kConvolution;
  std::vector<int> inputs;  // indices of tensors; -1: left out
  int output = 0;
  bool pads = false;  // padding "same"
  int stride = 1;
  int filter_height = 0;  // of pools
  int filter_width = 0;
  int activation = 0;  // 0: none, 1: relu, 3: relu6
  float beta = 1.0F;   // of softmax
};

struct TfliteFile {
  std::vector<TfliteTensor> tensors;
  std::vector<TfliteOperator> operators;
  int input = 0;  // index of the tensor
  int output = 0;
};

constexpr int kTfliteFloat = 0;
constexpr int kTfliteInt32 = 2;
constexpr int kTfliteInt8 = 9;

/// Views of `bytes`, which must outlive them. Throws std::runtime_error naming file and operator,
/// reason and remedy; an operator or option that there is not with the list of those that there
/// are.
TfliteFile read_tflite(std::span<const std::uint8_t> bytes, std::string_view file);

}  // namespace coco_mcu::exchange
