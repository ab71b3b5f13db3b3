#include <algorithm>
#include <functional>
#include <utility>

#include "exchange/tflite_addition.h"
#include "exchange/tflite_arithmetic.h"
#include "exchange/tflite_layers.h"
#include "exchange/tflite_logistic.h"

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

constexpr int kCodes = 256;

std::uint8_t within(const core::LayerRequantization& limits, int code) {
  return static_cast<std::uint8_t>(std::clamp<int>(code, limits.low, limits.high));
}

/// A table of what an operator makes of a tensor's codes and one constant.
class WithConstant {
 public:
  /// Of the two inputs, which is the constant: 1 or 0.
  WithConstant(TfliteScope& scope, const TfliteOperator& op)
      : scope_(scope), op_(op), constant_(scope.is_constant(op.inputs[1]) ? 1 : 0) {}

  Grid grid() const { return scope_.grid(op_.inputs[constant_]); }
  int source() const { return scope_.source(op_, 1 - constant_); }

  /// Its one code.
  std::uint8_t code() const {
    const TfliteTensor& of = scope_.tensor(op_.inputs[constant_]);
    if (of.data.size() != 1) scope_.refuse("has a constant of more than one number");
    const auto number = scope_.constants<std::int8_t>(op_.inputs[constant_], 1, kTfliteInt8);
    return static_cast<std::uint8_t>(number[0] + kTfliteToCode);
  }

  void append(Operator layer, const std::function<int(int)>& make) const {
    core::LayerRequantization limits;
    limit(op_, grid_of(layer), limits);
    for (int code = 0; code < kCodes; ++code) {
      layer.requantization.table.push_back(within(limits, make(code)));
    }
    scope_.append(std::move(layer), op_.output);
  }

 private:
  TfliteScope& scope_;
  const TfliteOperator& op_;
  std::size_t constant_;
};

bool has_constant(const TfliteScope& scope, const TfliteOperator& op) {
  if (op.inputs.size() != 2) scope.refuse("does not have two inputs");
  return scope.is_constant(op.inputs[0]) || scope.is_constant(op.inputs[1]);
}

void require_addition(const TfliteScope& scope, const Grid& x, const Grid& y, const Grid& output) {
  if (!TfliteAddition::is_possible(x, y, output)) {
    scope.refuse("its output is finer than 2^-19 of its inputs");
  }
}

FixedMultiplier required_product(const TfliteScope& scope, const Grid& x, const Grid& y,
                                 const Grid& output) {
  const auto fixed = product_multiplier(x, y, output);
  if (!fixed) scope.refuse("its output is finer than 2^-15 of its product");
  return *fixed;
}

void add_constant(TfliteScope& scope, const TfliteOperator& op) {
  const WithConstant with(scope, op);
  const int from = with.source();
  Operator layer = scope.layer_for(OperatorKind::kLookup, op.output, {from});
  const Grid input = grid_of(scope.layer(from));
  require_addition(scope, input, with.grid(), grid_of(layer));
  const TfliteAddition addition(input, with.grid(), grid_of(layer));
  const std::uint8_t constant = with.code();
  with.append(std::move(layer),
              [&](int code) { return addition.code(static_cast<std::uint8_t>(code), constant); });
}

void multiply_by_constant(TfliteScope& scope, const TfliteOperator& op) {
  const WithConstant with(scope, op);
  const int from = with.source();
  Operator layer = scope.layer_for(OperatorKind::kLookup, op.output, {from});
  const Grid input = grid_of(scope.layer(from));
  const Grid output = grid_of(layer);
  const FixedMultiplier fixed = required_product(scope, input, with.grid(), output);
  const int constant = with.code() - with.grid().zero_point;
  const std::int32_t numbers[] = {fixed.multiplier, 0, fixed.shift};
  core::Requantization rule;
  rule.twice = numbers;
  rule.zero_point = static_cast<std::uint8_t>(output.zero_point);
  with.append(std::move(layer), [&](int code) {
    return core::requantize_twice(rule, (code - input.zero_point) * constant, 0);
  });
}

/// Whether a tensor is read at an index, or is one pixel, by a product of `shape`.
bool may_be_second(const TfliteValue& value, const TfliteExtent& shape) {
  const bool is_pixel = value.extent == TfliteExtent{1, 1, shape.channels};
  return !value.is_int32 && !value.is_flat && value.padding == 0 &&
         (is_pixel || value.extent == shape);
}

/// The second factor as the layer reads it: row (i + offset) / factor of an operator of ours.
int second_factor(TfliteScope& scope, const TfliteOperator& op, std::size_t which,
                  Operator& layer) {
  const TfliteValue value = scope.value(op, which);
  if (!may_be_second(value, extent_of(layer))) {
    scope.refuse("multiplies by a tensor that is neither of its shape nor one pixel");
  }
  const bool is_pixel = value.extent.height == 1 && value.extent.width == 1;
  if (is_pixel && extent_of(layer) != value.extent) {
    layer.factor = std::max(layer.height, layer.width);
    return scope.source(op, which);
  }
  layer.factor = value.factor;
  layer.offset = value.offset;
  return value.layer;
}

}  // namespace

void take_tflite_add(TfliteScope& scope, const TfliteOperator& op) {
  if (has_constant(scope, op)) return add_constant(scope, op);
  const int x = scope.source(op);
  const int y = scope.source(op, 1);
  Operator layer = scope.layer_for(OperatorKind::kAdd, op.output, {x, y});
  const Grid grids[] = {grid_of(scope.layer(x)), grid_of(scope.layer(y))};
  if (extent_of(scope.layer(x)) != extent_of(layer) ||
      extent_of(scope.layer(y)) != extent_of(layer)) {
    scope.refuse("adds tensors of different shapes");
  }
  require_addition(scope, grids[0], grids[1], grid_of(layer));
  const TfliteAddition::Rule rule = TfliteAddition(grids[0], grids[1], grid_of(layer)).rule();
  std::ranges::copy(rule.factors, layer.factors);
  layer.requantization.twice = {rule.multiplier.multiplier, 0, rule.multiplier.shift};
  limit(op, grid_of(layer), layer.requantization);
  scope.append(std::move(layer), op.output);
}

void take_tflite_mul(TfliteScope& scope, const TfliteOperator& op) {
  if (has_constant(scope, op)) return multiply_by_constant(scope, op);
  Operator layer = scope.layer_for(OperatorKind::kMultiply, op.output, {});
  // The first factor has the product's shape and is not read at an index.
  const TfliteValue& first = scope.value(op);
  const bool is_in_order = first.extent == extent_of(layer) && first.is_plain();
  const std::size_t which = is_in_order ? 0 : 1;
  const int x = scope.source(op, which);
  if (extent_of(scope.layer(x)) != extent_of(layer)) {
    scope.refuse("multiplies tensors of different shapes");
  }
  const int by = second_factor(scope, op, 1 - which, layer);
  layer.inputs = {x, by};
  const FixedMultiplier fixed =
      required_product(scope, grid_of(scope.layer(x)), grid_of(scope.layer(by)), grid_of(layer));
  layer.requantization.twice = {fixed.multiplier, 0, fixed.shift};
  limit(op, grid_of(layer), layer.requantization);
  scope.append(std::move(layer), op.output);
}

void take_tflite_curve(TfliteScope& scope, const TfliteOperator& op) {
  const int from = scope.source(op);
  const Operator& input = scope.layer(from);
  Operator layer = scope.layer_for(OperatorKind::kLookup, op.output, {from});
  if (extent_of(layer) != extent_of(input)) scope.refuse("makes another shape");
  const Grid before = grid_of(input);
  const Grid after = grid_of(layer);
  if (op.op == TfliteOp::kHardSwish) {
    if (!has_hard_swish(before, after)) scope.refuse("its output is finer than 1/128 of its input");
    layer.requantization.table = hard_swish_table(before, after);
  } else if (op.op == TfliteOp::kLogistic) {
    if (!has_logistic(after)) scope.refuse("its output is not in units of 1/256");
    layer.requantization.table = logistic_table(before);
  } else {
    if (!has_rescaling(before, after)) scope.refuse("its output is finer than 2^-22 of its input");
    core::LayerRequantization limits;
    limit(op, after, limits);
    layer.requantization.table = rescaling_table(before, after, limits);
  }
  scope.append(std::move(layer), op.output);
}

}  // namespace coco_mcu::exchange
