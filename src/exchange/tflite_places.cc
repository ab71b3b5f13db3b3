#include <algorithm>
#include <cmath>
#include <utility>

#include "exchange/tflite_layers.h"

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

constexpr std::size_t kCodes = 256;
constexpr int kMostFactor = 8192;

int input_at(const TfliteOperator& op, std::size_t which) {
  return which < op.inputs.size() ? op.inputs[which] : -1;
}

/// The row or column that their nearest neighbour is.
int nearest(int index, int size, int enlarged, bool is_half_pixel) {
  const float scale = static_cast<float>(size) / static_cast<float>(enlarged);
  const float position = (static_cast<float>(index) + (is_half_pixel ? 0.5F : 0.0F)) * scale;
  return std::min(static_cast<int>(std::floor(position)), size - 1);
}

/// The whole number by which a side is repeated.
int repetition(const TfliteScope& scope, const TfliteOperator& op, int size, int enlarged) {
  const int factor = enlarged / size;
  if (factor < 1 || factor * size != enlarged) scope.refuse("does not enlarge by a whole number");
  for (int i = 0; i < enlarged; ++i) {
    if (nearest(i, size, enlarged, op.has_half_pixels) != i / factor) {
      scope.refuse("does not repeat each row and column as often");
    }
  }
  return factor;
}

}  // namespace

void take_tflite_concatenation(TfliteScope& scope, const TfliteOperator& op) {
  int joined = scope.source(op);
  if (op.activation != kTfliteNone) scope.refuse("is followed by a relu");
  if (op.inputs.size() == 1) return scope.bind(op.output, scope.value(op));
  for (std::size_t which = 1; which < op.inputs.size(); ++which) {
    const int next = scope.source(op, which);
    Operator layer = scope.layer_for(OperatorKind::kConcatenate, op.output, {joined, next});
    const Operator& first = scope.layer(joined);
    const Operator& second = scope.layer(next);
    for (const Operator* input : {&first, &second}) {
      const bool same = input->scale == layer.scale && input->zero_point == layer.zero_point;
      if (!same) scope.refuse("joins tensors of different scales");
    }
    layer.channels = first.channels + second.channels;
    if (which + 1 < op.inputs.size()) layer.name += fmt::format(".part{}", which);
    joined = scope.append(std::move(layer), op.output);
  }
}

void take_tflite_reshape(TfliteScope& scope, const TfliteOperator& op) {
  TfliteValue value = scope.value(op);
  if (!value.is_flat) value.layer = scope.source(op);
  const TfliteExtent shape = scope.extent(op.output);
  const Operator& codes = scope.layer(value.layer);
  const bool is_flat = shape == TfliteExtent{1, 1, codes.height * codes.width * codes.channels};
  const bool is_whole = shape == extent_of(codes);
  if (!is_flat && !is_whole) scope.refuse("is neither of one pixel nor to one");
  TfliteValue made;
  made.layer = value.layer;
  made.is_flat = !is_whole;
  made.extent = shape;
  scope.bind(op.output, made);
}

void take_tflite_resize(TfliteScope& scope, const TfliteOperator& op) {
  TfliteValue value = scope.value(op);
  if (value.is_flat || value.is_int32 || value.padding != 0) value.layer = scope.source(op);
  const TfliteExtent shape = scope.extent(op.output);
  const int rows = repetition(scope, op, value.extent.height, shape.height);
  const int columns = repetition(scope, op, value.extent.width, shape.width);
  if (rows != columns || shape.channels != value.extent.channels) {
    scope.refuse("enlarges rows and columns differently");
  }
  if (value.factor > kMostFactor / rows || value.offset > kMostFactor / rows) {
    scope.refuse("enlarges by too much");
  }
  value.factor *= rows;
  value.offset *= rows;
  value.extent = shape;
  scope.bind(op.output, value);
}

void take_tflite_slice(TfliteScope& scope, const TfliteOperator& op) {
  TfliteValue value = scope.value(op);
  if (value.is_flat || value.is_int32 || value.padding != 0) value.layer = scope.source(op);
  const TfliteExtent shape = scope.extent(op.output);
  const auto begin = scope.constants<std::int32_t>(input_at(op, 1), 4, kTfliteInt32);
  const auto inside = [](int first, int count, int size) {
    return first >= 0 && first <= size - count;
  };
  const bool fits = begin[0] == 0 && begin[3] == 0 && begin[1] == begin[2] &&
                    shape.channels == value.extent.channels &&
                    inside(begin[1], shape.height, value.extent.height) &&
                    inside(begin[2], shape.width, value.extent.width);
  if (!fits) scope.refuse("does not leave out as many rows as columns, or leaves out channels");
  value.offset += begin[1];
  value.extent = shape;
  scope.bind(op.output, value);
}

void take_tflite_pad(TfliteScope& scope, const TfliteOperator& op) {
  TfliteValue made;
  made.layer = scope.source(op);
  made.extent = scope.extent(op.output);
  const Operator& codes = scope.layer(made.layer);
  const auto zeros = scope.constants<std::int32_t>(input_at(op, 1), 8, kTfliteInt32);
  const bool is_picture = zeros[0] == 0 && zeros[1] == 0 && zeros[6] == 0 && zeros[7] == 0;
  made.padding = zeros[2];
  const bool fits = is_picture && zeros[2] == zeros[4] && std::ranges::min(zeros) >= 0 &&
                    made.extent.height == codes.height + zeros[2] + zeros[3] &&
                    made.extent.width == codes.width + zeros[4] + zeros[5];
  if (!fits) scope.refuse("does not pad rows and columns alike");
  scope.bind(op.output, made);
}

void take_tflite_cast(TfliteScope& scope, const TfliteOperator& op) {
  TfliteValue made;
  made.layer = scope.source(op);
  if (scope.tensor(op.output).type != kTfliteInt32) scope.refuse("is not to int32");
  made.is_int32 = true;
  scope.bind(op.output, made);
}

void take_tflite_shift(TfliteScope& scope, const TfliteOperator& op) {
  TfliteValue value = scope.value(op);
  const auto shift = scope.constants<std::int32_t>(input_at(op, 1), 1, kTfliteInt32);
  if (!value.is_int32 || shift[0] != kTfliteToCode) {
    scope.refuse("adds 32-bit numbers that are not codes and 128");
  }
  value.shift = shift[0];
  scope.bind(op.output, value);
}

void take_tflite_gather(TfliteScope& scope, const TfliteOperator& op) {
  if (!scope.is_constant(op.inputs[0])) scope.refuse("does not read a constant table");
  const TfliteValue& indices = scope.value(op, 1);
  if (!indices.is_int32 || indices.shift != kTfliteToCode) {
    scope.refuse("does not read its table by codes");
  }
  Operator layer = scope.layer_for(OperatorKind::kLookup, op.output, {indices.layer});
  const Operator& codes = scope.layer(indices.layer);
  if (extent_of(layer) != extent_of(codes)) scope.refuse("makes another shape");
  for (const std::int8_t code : scope.constants<std::int8_t>(op.inputs[0], kCodes, kTfliteInt8)) {
    layer.requantization.table.push_back(static_cast<std::uint8_t>(code + kTfliteToCode));
  }
  scope.append(std::move(layer), op.output);
}

}  // namespace coco_mcu::exchange
