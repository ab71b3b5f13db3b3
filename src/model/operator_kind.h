// The layers an integer model is made of. docs/arithmetic.md says what each computes. Freestanding.
#pragma once

#include <cstdint>

namespace coco_mcu::model {

/// The numbers stand in model files and never change their meaning.
enum class OperatorKind : std::uint8_t {
  kInput = 0,  // RGB bytes to codes by three tables
  kConvolution =
      1,           // kernel x kernel over all input channels; 1x1 on a 1x1 tensor: fully connected
  kDepthwise = 2,  // kernel x kernel, each channel by itself
  kGlobalAverage = 3,  // over rows and columns
  kMultiply = 4,       // by a tensor read at (i + offset) / factor: squeeze-excite, mask
  kAdd = 5,            // of two tensors of one shape
  kMaxPool = 6,        // kernel x kernel, windows that do not fit are dropped
  kUpsample = 7,       // out[i] = in[(i + offset) / factor]
  kLookup = 8,         // a curve by table
  kSoftmax = 9,        // over the channels of one pixel, to uint16 with 1.0 = 32768
  kConcatenate = 10,   // the channels of two tensors of one height and width
};

constexpr int kOperatorKinds = 11;

/// "depthwise": as tables, JSON and messages print it.
constexpr const char* kind_name(OperatorKind kind) {
  constexpr const char* kNames[kOperatorKinds] = {
      "input",    "convolution", "depthwise", "global_average", "multiply",   "add",
      "max_pool", "upsample",    "lookup",    "softmax",        "concatenate"};
  return kNames[static_cast<int>(kind)];
}

/// What raw input and output files of a model hold.
enum class Interface : std::uint8_t {
  kPixels = 0,         // RGB bytes in, probabilities out
  kTensorflowLite = 1  // int8 tensors, 128 less than the codes; probabilities in units of 1/256
};

/// Probability 1 in the output of a softmax.
constexpr std::int32_t kProbabilityOne = 32768;

}  // namespace coco_mcu::model
