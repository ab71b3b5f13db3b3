#include "exchange/tflite_arithmetic.h"

#include <algorithm>
#include <cmath>

namespace coco_mcu::exchange {
namespace {

constexpr int kCodes = 256;
constexpr int kMostInt16 = 32767;

/// The same as a number of 16 bits: multiplier * 2^-15 * 2^-shift.
int multiplier16(const FixedMultiplier& fixed) {
  return static_cast<int>(
      std::min((std::int64_t{fixed.multiplier} + (1 << 15)) >> 16, std::int64_t{kMostInt16}));
}

/// a * b / 2^15 to nearest, halves upwards.
int rounded_product16(int a, int b) {
  const int product = a * b;
  return (product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15);
}

/// value / 2^shift to nearest, halves away from zero.
int rounded_quotient(int value, int shift) {
  if (shift == 0) return value;
  const int half = 1 << (shift - 1);
  return value >= 0 ? (value + half) >> shift : -((-value + half) >> shift);
}

int saturated16(std::int64_t value) {
  return static_cast<int>(std::clamp<std::int64_t>(value, -kMostInt16 - 1, kMostInt16));
}

/// Seven more bits than the codes have, in units of 2^-7 of the input's scale.
float fine_scale(const Grid& input) {
  return input.scale * (1.0F / 128.0F);
}

FixedMultiplier fine_to_output(const Grid& input, const Grid& output) {
  return fixed_multiplier(double{fine_scale(input) / output.scale});
}

/// clamp(x / 3, -1, 1) in units of 2^-15.
int third_of(int fine, const FixedMultiplier& fixed) {
  const int left = std::clamp(-fixed.shift, 0, 31);
  const int shifted = left > 0 ? saturated16(std::int64_t{fine} << (left - 1)) : fine;
  const int product = rounded_product16(shifted, multiplier16(fixed));
  if (left > 0) return saturated16(std::int64_t{product} * 2);
  return rounded_quotient(product, fixed.shift);
}

}  // namespace

FixedMultiplier fixed_multiplier(double real) {
  if (real == 0.0) return {};
  int exponent = 0;
  const double significand = std::frexp(real, &exponent);
  auto fixed = static_cast<std::int64_t>(std::round(significand * 2147483648.0));
  if (fixed == std::int64_t{1} << 31) {
    fixed /= 2;
    ++exponent;
  }
  if (exponent < -31) return {};
  return {static_cast<std::int32_t>(fixed), -exponent};
}

std::int64_t scaled(const FixedMultiplier& fixed, std::int64_t value) {
  constexpr std::int64_t kHalf = std::int64_t{1} << 30;
  const std::int64_t shifted = value * (std::int64_t{1} << std::max(-fixed.shift, 0));
  const std::int64_t product = shifted * fixed.multiplier;
  const std::int64_t high =
      (product + (product >= 0 ? kHalf : 1 - kHalf)) / (std::int64_t{1} << 31);
  if (fixed.shift <= 0) return high;
  const std::int64_t half = std::int64_t{1} << (fixed.shift - 1);
  return high >= 0 ? (high + half) >> fixed.shift : -((-high + half) >> fixed.shift);
}

bool has_rescaling(const Grid& input, const Grid& output) {
  constexpr int kMostLeftShift = 22;  // 255 * 2^22 is below 2^31
  return fixed_multiplier(double{input.scale / output.scale}).shift >= -kMostLeftShift;
}

std::vector<std::uint8_t> rescaling_table(const Grid& input, const Grid& output,
                                          const core::LayerRequantization& limits) {
  const FixedMultiplier fixed = fixed_multiplier(double{input.scale / output.scale});
  const std::int32_t numbers[core::kTwiceNumbers] = {fixed.multiplier, 0, fixed.shift};
  core::Requantization rule;
  static_cast<core::LayerRequantization&>(rule) = limits;
  rule.twice = numbers;
  rule.zero_point = static_cast<std::uint8_t>(output.zero_point);
  std::vector<std::uint8_t> table;
  for (int code = 0; code < kCodes; ++code) {
    table.push_back(core::requantize_twice(rule, code - input.zero_point, 0));
  }
  return table;
}

bool has_hard_swish(const Grid& input, const Grid& output) {
  return fine_to_output(input, output).shift >= 0;
}

std::vector<std::uint8_t> hard_swish_table(const Grid& input, const Grid& output) {
  const FixedMultiplier to_output = fine_to_output(input, output);
  const FixedMultiplier to_third = fixed_multiplier(double{fine_scale(input) / (3.0F / 32768.0F)});
  std::vector<std::uint8_t> table;
  for (int code = 0; code < kCodes; ++code) {
    const int fine = (code - input.zero_point) * 128;
    const int whole = rounded_product16(fine, multiplier16(to_output));
    const int gate = (third_of(fine, to_third) + (1 << 15)) >> 1;
    const int gated = gate * whole / (1 << 15);  // towards zero
    const int made = rounded_quotient(gated, to_output.shift) + output.zero_point;
    table.push_back(static_cast<std::uint8_t>(std::clamp(made, 0, kCodes - 1)));
  }
  return table;
}

}  // namespace coco_mcu::exchange
