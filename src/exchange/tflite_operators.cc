#include "exchange/tflite_operators.h"

#include <algorithm>
#include <iterator>

namespace coco_mcu::exchange {
namespace {

constexpr TfliteOpFacts kOps[] = {
    {TfliteOp::kConvolution, "CONV_2D", 1, 3},
    {TfliteOp::kDepthwise, "DEPTHWISE_CONV_2D", 2, 3},
    {TfliteOp::kFullyConnected, "FULLY_CONNECTED", 8, 4},
    {TfliteOp::kAveragePool, "AVERAGE_POOL_2D", 5, 2},
    {TfliteOp::kMaxPool, "MAX_POOL_2D", 5, 2},
    {TfliteOp::kMean, "MEAN", 27, 2},
    {TfliteOp::kAdd, "ADD", 11, 2},
    {TfliteOp::kMul, "MUL", 21, 2},
    {TfliteOp::kPad, "PAD", 0, 2},
    {TfliteOp::kConcatenation, "CONCATENATION", 10, 2},
    {TfliteOp::kResizeNearest, "RESIZE_NEAREST_NEIGHBOR", 74, 3},
    {TfliteOp::kSlice, "SLICE", 0, 2},
    {TfliteOp::kRelu, "RELU", 0, 2},
    {TfliteOp::kRelu6, "RELU6", 0, 2},
    {TfliteOp::kHardSwish, "HARD_SWISH", 0, 1},
    {TfliteOp::kLogistic, "LOGISTIC", 0, 2},
    {TfliteOp::kCast, "CAST", 0, 1},
    {TfliteOp::kGather, "GATHER", 23, 2},
    {TfliteOp::kReshape, "RESHAPE", 0, 1},
    {TfliteOp::kSoftmax, "SOFTMAX", 9, 2},
    {TfliteOp::kQuantize, "QUANTIZE", 0, 1},
    {TfliteOp::kDequantize, "DEQUANTIZE", 0, 2},
};

}  // namespace

const TfliteOpFacts* tflite_op(std::int32_t number) {
  const auto* found = std::ranges::find(kOps, static_cast<TfliteOp>(number), &TfliteOpFacts::op);
  return found == std::end(kOps) ? nullptr : found;
}

std::string tflite_op_names() {
  std::string names;
  for (const TfliteOpFacts& each : kOps) {
    if (!names.empty()) names += ", ";
    names += each.name;
  }
  return names;
}

}  // namespace coco_mcu::exchange
