// A TensorFlow Lite file in memory: tensors and operators as plain values, read with all offsets
// verified, and written.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/tflite_operators.h"

namespace coco_mcu::exchange {

/// TensorFlow Lite's numbers.
constexpr int kTfliteFloat = 0;
constexpr int kTfliteInt32 = 2;
constexpr int kTfliteInt8 = 9;

struct TfliteTensor {
  std::string name;
  std::vector<int> shape;
  int type = kTfliteFloat;
  std::vector<float> scales;
  std::vector<std::int64_t> zero_points;
  int scaled_dimension = 0;            // that the scales belong to, where there are several
  std::span<const std::uint8_t> data;  // empty where it is computed
};

/// Fused activations, likewise.
constexpr int kTfliteNone = 0;
constexpr int kTfliteRelu = 1;
constexpr int kTfliteRelu6 = 3;

struct TfliteOperator {
  TfliteOp op = TfliteOp::kConvolution;
  std::vector<int> inputs;  // indices of tensors; -1: left out
  int output = 0;
  bool pads = false;  // padding "same"
  int stride = 1;
  int filter_height = 0;  // of pools
  int filter_width = 0;
  int activation = kTfliteNone;
  float beta = 1.0F;             // of softmax
  bool has_half_pixels = false;  // of resizing: rows are taken at their middles
};

struct TfliteFile {
  std::vector<TfliteTensor> tensors;
  std::vector<TfliteOperator> operators;
  int input = 0;  // index of the tensor
  int output = 0;
  std::map<std::string, std::string> metadata;
};

/// Views of `bytes`, which must outlive them. Throws std::runtime_error naming file and operator,
/// reason and remedy; an operator or option that there is not with the list of those that there
/// are.
TfliteFile read_tflite(std::span<const std::uint8_t> bytes, std::string_view file);

/// The bytes of the file that says so; `name` is the graph's.
std::string write_tflite(const TfliteFile& from, const std::string& name);

}  // namespace coco_mcu::exchange
