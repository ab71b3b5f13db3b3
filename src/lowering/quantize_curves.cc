#include "lowering/quantize_curves.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::lowering {

using network::Op;

namespace {

/// Here the sigmoid is within half a code of 1/255 of its limit.
constexpr double kSigmoidReach = 6.5;

std::uint8_t nearest_code(double value, const CodeGrid& grid) {
  const double code = std::round(value / grid.scale) + grid.zero_point;
  return static_cast<std::uint8_t>(std::clamp(code, 0.0, 255.0));
}

template <typename Function>
std::vector<std::uint8_t> table_of(Function function) {
  std::vector<std::uint8_t> table;
  table.reserve(256);
  for (int code = 0; code < 256; ++code) table.push_back(function(code));
  return table;
}

}  // namespace

double curve_value(Op curve, double x) {
  switch (curve) {
    case Op::kRelu:
      return std::max(x, 0.0);
    case Op::kHardSwish:
      return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0;
    case Op::kHardSigmoid:
      return std::clamp(x + 3.0, 0.0, 6.0) / 6.0;
    case Op::kSigmoidPlusOne:
      return 1.0 / (1.0 + std::exp(-x)) + 1.0;
    default:
      throw std::invalid_argument(
          fmt::format("{} is no curve; there is: relu, hard_swish, hard_sigmoid, sigmoid_plus_one",
                      op_name(curve)));
  }
}

Range clip_to_curve(Op curve, const Range& range) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Range domain;
  switch (curve) {
    case Op::kRelu:
      domain = {0.0, kInfinity};
      break;
    case Op::kHardSwish:
      domain = {-3.0, kInfinity};
      break;
    case Op::kHardSigmoid:
      domain = {-3.0, 3.0};
      break;
    case Op::kSigmoidPlusOne:
      domain = {-kSigmoidReach, kSigmoidReach};
      break;
    default:
      domain = {-kInfinity, kInfinity};
  }
  return {std::clamp(range.minimum, domain.minimum, domain.maximum),
          std::clamp(range.maximum, domain.minimum, domain.maximum)};
}

std::vector<std::uint8_t> curve_table(Op curve, const CodeGrid& from, const CodeGrid& to) {
  return table_of([&](int code) { return nearest_code(curve_value(curve, from.value(code)), to); });
}

std::vector<std::uint8_t> grid_table(const CodeGrid& from, const CodeGrid& to) {
  return table_of([&](int code) { return nearest_code(from.value(code), to); });
}

std::vector<std::uint16_t> softmax_exponentials(double scale) {
  std::vector<std::uint16_t> table;
  table.reserve(256);
  for (int distance = 0; distance < 256; ++distance) {
    const double value = std::round(65535.0 * std::exp(-scale * distance));
    table.push_back(static_cast<std::uint16_t>(value));
  }
  return table;
}

std::array<std::array<std::uint8_t, 256>, 3> input_tables(const core::Preprocessing& preprocessing,
                                                          const CodeGrid& grid) {
  std::array<std::array<std::uint8_t, 256>, 3> tables = {};
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const double mean = preprocessing.mean[channel];
    const double deviation = preprocessing.deviation[channel];
    for (std::size_t pixel = 0; pixel < 256; ++pixel) {
      const double value = (static_cast<double>(pixel) - 255.0 * mean) / (255.0 * deviation);
      tables[channel][pixel] = nearest_code(value, grid);
    }
  }
  return tables;
}

}  // namespace coco_mcu::lowering
