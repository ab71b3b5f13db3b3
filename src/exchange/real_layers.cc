#include "exchange/real_layers.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <stdexcept>

#include <fmt/format.h>

#include "core/weight_format.h"

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

constexpr int kLargestWeight = 127;
constexpr double kLargestBias = 1 << 30;
/// Codes for each unit of a channel that does not depend on its input.
constexpr double kConstantUnit = 1.0 / 256.0;
/// Multipliers have 15 bits, factors of an addition as many.
constexpr double kTolerance = 1.0 / (1 << 12);
/// In codes: averages of imported models turn halves with their offset.
constexpr double kOffsetTolerance = 1.0 / 16.0;

/// From accumulator to code: code = multiplier * accumulator + offset, rounded to nearest.
struct Line {
  double multiplier = 0.0;
  double offset = 0.0;
};

Line line_of(const Operator& layer, std::size_t channel) {
  const model::Requantization& rule = layer.requantization;
  if (!rule.twice.empty()) {
    const std::int32_t* numbers = rule.twice.data() + core::kTwiceNumbers * channel;
    const double multiplier = std::ldexp(static_cast<double>(numbers[0]), -31 - numbers[2]);
    return {multiplier, multiplier * numbers[1] + layer.zero_point};
  }
  const auto scaled = [](std::int16_t number, int exponent) {
    return std::ldexp(static_cast<double>(number), exponent);
  };
  return {scaled(rule.multipliers[channel], rule.left_shift - 16 - rule.shift),
          scaled(rule.offsets[channel], rule.offset_shift - rule.shift) - 0.5};
}

/// Limits that a relu is not are part of the table.
void take_limits(const Operator& layer, RealLayer& made) {
  const model::Requantization& rule = layer.requantization;
  made.table = rule.table;
  const bool is_free = rule.low == 0 && rule.high == 255;
  if (is_free) return;
  made.is_relu = made.table.empty() && rule.low == layer.zero_point && rule.high == 255;
  if (made.is_relu) return;
  made.table.resize(256);
  for (int code = 0; code < 256; ++code) {
    const int limited = std::clamp<int>(code, rule.low, rule.high);
    made.table[static_cast<std::size_t>(code)] =
        rule.table.empty() ? static_cast<std::uint8_t>(limited)
                           : rule.table[static_cast<std::size_t>(limited)];
  }
}

/// Spreads the stored weights over all channels, fills up with zeros and constants.
class ConvolutionInReal {
 public:
  ConvolutionInReal(const Operator& layer, const Operator& input, RealLayer& made)
      : layer_(layer), input_(input), made_(made) {}

  void run() {
    const bool is_depthwise = layer_.kind == OperatorKind::kDepthwise;
    const auto window =
        static_cast<std::size_t>(layer_.kernel) * static_cast<std::size_t>(layer_.kernel);
    row_ = window * static_cast<std::size_t>(is_depthwise ? 1 : input_.channels);
    const auto channels = static_cast<std::size_t>(layer_.channels);
    made_.weights.assign(channels * row_, 0);
    std::size_t stored = 0;
    std::size_t constant = 0;
    for (std::size_t channel = 0; channel < channels; ++channel) {
      if (layer_.made_mask.empty() || model::is_in_mask(layer_.made_mask.data(), channel)) {
        take_channel(channel, stored++);
      } else {
        append_constant(code_before_table(layer_.constants[constant++]));
      }
    }
  }

 private:
  int code_before_table(std::uint8_t code) const {
    if (made_.table.empty()) return code;
    const auto found = std::ranges::find(made_.table, code);
    if (found == made_.table.end()) refuse_export(layer_, "a constant is not in its table");
    return static_cast<int>(found - made_.table.begin());
  }

  void append_constant(double code) {
    append(kConstantUnit, (code - made_.zero_point) / kConstantUnit);
  }

  void append(double multiplier, double bias) {
    const double scale = multiplier * double{made_.scale} / double{input_.scale};
    made_.weight_scales.push_back(static_cast<float>(scale));
    made_.bias_scales.push_back(input_.scale * made_.weight_scales.back());
    made_.biases.push_back(static_cast<std::int32_t>(std::lround(bias)));
  }

  void take_channel(std::size_t channel, std::size_t stored) {
    const Line line = line_of(layer_, stored);
    unpack(channel, stored);
    const std::span<std::int8_t> row = std::span(made_.weights).subspan(channel * row_, row_);
    const int spread = spread_out(row);
    const double multiplier = line.multiplier / spread;
    // A code means scale * (code - stored zero point) + addend where it is written.
    const int moved = stored_zero_point(input_) - input_.zero_point;
    const double bias = (line.offset - made_.zero_point) / multiplier +
                        double{1} * moved * std::accumulate(row.begin(), row.end(), 0);
    if (multiplier > 0.0 && std::abs(bias) < kLargestBias) return append(multiplier, bias);
    std::ranges::fill(row, std::int8_t{0});
    append_constant(std::clamp(line.offset, -1.0, 256.0));
  }

  /// Multiplies weights of few bits by as much as int8 holds; that number. The unit of the bias, an
  /// integer, becomes as much finer.
  static int spread_out(std::span<std::int8_t> row) {
    int largest = 1;
    for (const std::int8_t weight : row) largest = std::max(largest, std::abs(int{weight}));
    const int spread = std::max(kLargestWeight / largest, 1);
    for (std::int8_t& weight : row) weight = static_cast<std::int8_t>(weight * spread);
    return spread;
  }

  /// The channel's weights to their places.
  void unpack(std::size_t channel, std::size_t stored) {
    const std::size_t count = model::window_weights(layer_, input_);
    const std::uint8_t* packed =
        layer_.weights.data() + stored * core::packed_row_bytes(layer_.format, count);
    std::size_t next = 0;
    for (std::size_t i = 0; i < row_; ++i) {
      if (!layer_.read_mask.empty() && !model::is_in_mask(layer_.read_mask.data(), i)) continue;
      const int weight = core::weight_at(layer_.format, packed, next++);
      made_.weights[channel * row_ + i] = static_cast<std::int8_t>(weight);
    }
  }

  const Operator& layer_;
  const Operator& input_;
  RealLayer& made_;
  std::size_t row_ = 0;  // weights of one channel
};

bool is_near(double value, double expected) {
  return std::abs(value / expected - 1.0) < kTolerance;
}

/// What one unit of the accumulator of a layer without weights is in real numbers.
double unit_of(const model::IntegerModel& model, const Operator& layer) {
  const Operator& x = input_of(model, layer);
  if (layer.kind == OperatorKind::kGlobalAverage) {
    return double{x.scale} / (double{1} * x.height * x.width);
  }
  const Operator& y = input_of(model, layer, 1);
  if (layer.kind == OperatorKind::kMultiply) return double{x.scale} * double{y.scale};
  const double ratio = double{x.scale} * layer.factors[1] / (double{y.scale} * layer.factors[0]);
  if (!is_near(ratio, 1.0)) refuse_export(layer, "its factors do not follow from its scales");
  return double{x.scale} / layer.factors[0];
}

void take_line(const model::IntegerModel& model, const Operator& layer, RealLayer& made) {
  const Line line = line_of(layer, 0);
  const double scale = unit_of(model, layer) / line.multiplier;
  if (made.table.empty()) {
    const bool fits =
        is_near(scale, layer.scale) && std::abs(line.offset - layer.zero_point) < kOffsetTolerance;
    if (!fits) refuse_export(layer, "its multiplier does not follow from its scales");
    return;
  }
  made.scale = static_cast<float>(scale);
  made.zero_point = static_cast<int>(std::lround(line.offset));
  const bool is_code = made.zero_point >= 0 && made.zero_point <= 255;
  if (!is_code) refuse_export(layer, "the zero point before its table is not a code");
}

}  // namespace

int stored_zero_point(const model::Operator& layer) {
  return std::clamp<int>(layer.zero_point, 0, 255);
}

float addend(const model::Operator& layer) {
  return layer.scale * static_cast<float>(stored_zero_point(layer) - layer.zero_point);
}

RealLayer real_layer(const model::IntegerModel& model, const model::Operator& layer) {
  RealLayer made;
  take_limits(layer, made);
  made.scale = layer.scale;
  // Before a table any grid does; this one has no negative number.
  made.zero_point = made.table.empty() ? layer.zero_point : 0;
  if (made.zero_point != std::clamp(made.zero_point, 0, 255)) {
    refuse_export(layer, "its zero point is not a code");
  }
  if (model::has_weights(layer.kind)) {
    ConvolutionInReal(layer, input_of(model, layer), made).run();
  } else {
    take_line(model, layer, made);
  }
  return made;
}

void refuse_export(const model::Operator& layer, std::string_view reason) {
  throw std::runtime_error(fmt::format("layer {} ({}): {}; lower the network again", layer.name,
                                       model::kind_name(layer.kind), reason));
}

const model::Operator& input_of(const model::IntegerModel& model, const model::Operator& layer,
                                std::size_t which) {
  return model.operators[static_cast<std::size_t>(layer.inputs[which])];
}

bool is_broadcast(const model::Operator& layer, const model::Operator& by) {
  return by.height == 1 && by.width == 1 && layer.factor >= layer.height + layer.offset &&
         layer.factor >= layer.width + layer.offset;
}

}  // namespace coco_mcu::exchange
