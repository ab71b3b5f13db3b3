// The operators of TensorFlow Lite that are read or written here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coco_mcu::exchange {

/// TensorFlow Lite's numbers.
enum class TfliteOp : std::int32_t {
  kAdd = 0,
  kAveragePool = 1,
  kConcatenation = 2,
  kConvolution = 3,
  kDepthwise = 4,
  kDequantize = 6,
  kFullyConnected = 9,
  kLogistic = 14,
  kMaxPool = 17,
  kMul = 18,
  kRelu = 19,
  kRelu6 = 21,
  kReshape = 22,
  kSoftmax = 25,
  kPad = 34,
  kGather = 36,
  kMean = 40,
  kCast = 53,
  kSlice = 65,
  kResizeNearest = 97,
  kQuantize = 114,
  kHardSwish = 117,
};

struct TfliteOpFacts {
  TfliteOp op;
  std::string_view name;
  std::uint8_t options;  // which of the union BuiltinOptions its options are; 0: it has none here
  std::int32_t version;  // the first that takes int8 as it is written here
};

/// Null where the operator is not known here.
const TfliteOpFacts* tflite_op(std::int32_t number);

/// "CONV_2D, DEPTHWISE_CONV_2D, ...": all of them.
std::string tflite_op_names();

}  // namespace coco_mcu::exchange
