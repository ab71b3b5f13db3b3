#include "exchange/tflite_scope.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "exchange/refusal.h"

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

constexpr int kMostSide = 8192;

}  // namespace

bool is_usable_scale(float scale) {
  return scale >= 1e-12F && scale <= 1e6F;
}

Grid grid_of(const Operator& layer) {
  return {layer.scale, layer.zero_point};
}

TfliteExtent extent_of(const Operator& layer) {
  return {layer.height, layer.width, layer.channels};
}

void limit(const TfliteOperator& op, const Grid& codes, core::LayerRequantization& limits) {
  if (op.activation == kTfliteNone) return;
  limits.low = static_cast<std::uint8_t>(codes.zero_point);
  if (op.activation != kTfliteRelu6) return;
  const float steps = std::min(std::round(6.0F / codes.scale), 255.0F);
  const int six = codes.zero_point + static_cast<int>(steps);
  limits.high = static_cast<std::uint8_t>(std::min(six, 255));
}

void TfliteScope::refuse(std::string_view reason) const {
  const TfliteOpFacts* facts = tflite_op(static_cast<std::int32_t>(from_.operators[index_].op));
  fail(file_, fmt::format("operator {} ({}): {}; there is none of that kind here", index_,
                          facts->name, reason));
}

TfliteExtent TfliteScope::extent(int index) const {
  const TfliteTensor& of = tensor(index);
  const std::size_t rank = of.shape.size();
  const bool fits =
      (rank == 4 || rank == 2) && of.shape[0] == 1 &&
      std::ranges::all_of(of.shape, [](int size) { return size >= 1 && size <= kMostSide; });
  if (!fits) refuse(fmt::format("tensor {} is not one picture's", of.name));
  if (rank == 2) return {1, 1, of.shape[1]};
  return {of.shape[1], of.shape[2], of.shape[3]};
}

Grid TfliteScope::grid(int index) const {
  const TfliteTensor& of = tensor(index);
  const bool fits = of.type == kTfliteInt8 && of.scales.size() == 1 && of.zero_points.size() == 1 &&
                    is_usable_scale(of.scales[0]) && of.zero_points[0] >= -128 &&
                    of.zero_points[0] <= 127;
  if (!fits) refuse(fmt::format("tensor {} is not int8 with one scale", of.name));
  return {of.scales[0], static_cast<int>(of.zero_points[0]) + kTfliteToCode};
}

Operator TfliteScope::layer_for(OperatorKind kind, int output, std::vector<int> inputs) const {
  const TfliteExtent shape = extent(output);
  const Grid codes = grid(output);
  const std::string& name = tensor(output).name;
  Operator layer;
  layer.kind = kind;
  layer.inputs = std::move(inputs);
  layer.name = name.empty() ? fmt::format("tensor{}", output) : name;
  layer.height = shape.height;
  layer.width = shape.width;
  layer.channels = shape.channels;
  layer.scale = codes.scale;
  layer.zero_point = codes.zero_point;
  return layer;
}

int TfliteScope::append(Operator layer, int output) {
  const int index = static_cast<int>(made_.operators.size());
  TfliteValue value;
  value.layer = index;
  value.extent = extent_of(layer);
  bind(output, value);
  made_.operators.push_back(std::move(layer));
  return index;
}

const TfliteValue& TfliteScope::value(const TfliteOperator& of, std::size_t which) const {
  const auto found = which < of.inputs.size() ? values_.find(of.inputs[which]) : values_.end();
  if (found == values_.end()) refuse("reads a tensor that no operator before it makes");
  return found->second;
}

int TfliteScope::source(const TfliteOperator& of, std::size_t which) {
  const TfliteValue& from = value(of, which);
  const Operator& codes = layer(from.layer);
  const bool is_one_pixel = codes.height == 1 && codes.width == 1;
  if (from.is_int32) refuse("reads numbers of 32 bits");
  if (from.padding != 0) refuse("reads a tensor that PAD has made");
  if (from.is_flat && !is_one_pixel) refuse("reads rows, columns and channels as one dimension");
  if (from.factor == 1 && from.offset == 0 && from.extent == extent_of(codes)) {
    return from.layer;
  }
  Operator repeated = layer_for(OperatorKind::kUpsample, of.inputs[which], {from.layer});
  repeated.scale = codes.scale;
  repeated.zero_point = codes.zero_point;
  repeated.factor = from.factor;
  repeated.offset = from.offset;
  return append(std::move(repeated), of.inputs[which]);
}

}  // namespace coco_mcu::exchange
