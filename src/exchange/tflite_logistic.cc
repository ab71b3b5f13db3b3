#include "exchange/tflite_logistic.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "exchange/tflite_arithmetic.h"

namespace coco_mcu::exchange {
namespace {

// Numbers are int32 with a fixed number of bits before the point: 0 where a name says nothing, that
// is units of 2^-31.
using Raw = std::int32_t;

constexpr int kInputBits = 4;  // before the point of x, within -16..16
constexpr Raw kOne = std::numeric_limits<Raw>::max();
constexpr int kCodes = 256;

Raw saturated(std::int64_t value) {
  return static_cast<Raw>(std::clamp<std::int64_t>(value, std::numeric_limits<Raw>::min(), kOne));
}

/// a * b / 2^31 to nearest.
Raw product(Raw a, Raw b) {
  const std::int64_t exact = std::int64_t{a} * b;
  const std::int64_t half = std::int64_t{1} << 30;
  return saturated((exact + (exact >= 0 ? half : 1 - half)) / (std::int64_t{1} << 31));
}

/// value / 2^shift to nearest, halves away from zero.
Raw quotient(Raw value, int shift) {
  const std::int64_t half = std::int64_t{1} << (shift - 1);
  const std::int64_t wide = value;
  return static_cast<Raw>(wide >= 0 ? (wide + half) >> shift : -((-wide + half) >> shift));
}

Raw times_power(Raw value, int shift) {
  return saturated(std::int64_t{value} * (std::int64_t{1} << shift));
}

/// exp(x) for -1/4 <= x < 0: a series around -1/8.
Raw exponential_near_zero(Raw x) {
  constexpr Raw kExpOfMinusEighth = 1895147668;
  constexpr Raw kThird = 715827883;
  const Raw a = x + (1 << 28);
  const Raw a2 = product(a, a);
  const Raw a3 = product(a2, a);
  const Raw a4_over_4 = quotient(product(a2, a2), 2);
  const Raw tail = quotient(product(a4_over_4 + a3, kThird) + a2, 1);
  return kExpOfMinusEighth + product(kExpOfMinusEighth, a + tail);
}

/// exp(x) for x <= 0 with 4 bits before the point.
Raw exponential(Raw x) {
  constexpr int kFraction = 31 - kInputBits;
  constexpr Raw kQuarter = 1 << (kFraction - 2);
  constexpr Raw kFactors[] = {1672461947, 1302514674, 790015084,  // exp of -1/4, -1/2, -1,
                              290630308,  39332535,   720401};    // -2, -4, -8
  if (x == 0) return kOne;
  const Raw rest = (x & (kQuarter - 1)) - kQuarter;
  Raw result = exponential_near_zero(times_power(rest, kInputBits));
  const Raw quarters = (rest - x) / kQuarter;
  for (int bit = 0; bit < 6; ++bit) {
    if ((quarters >> bit & 1) != 0) result = product(result, kFactors[bit]);
  }
  return result;
}

/// 1 / (1 + x) for 0 <= x <= 1 by three of Newton's steps, with 2 bits before the point.
Raw reciprocal_of_one_plus(Raw x) {
  constexpr Raw k48Over17 = 1515870810;
  constexpr Raw kMinus32Over17 = -1010580540;
  constexpr Raw kOneOfTwoBits = 1 << 29;
  const auto half_denominator = static_cast<Raw>((std::int64_t{x} + kOne + 1) / 2);
  Raw y = k48Over17 + product(half_denominator, kMinus32Over17);
  for (int step = 0; step < 3; ++step) {
    const Raw error = kOneOfTwoBits - product(half_denominator, y);
    y += times_power(product(y, error), 2);
  }
  return times_power(y, 1);
}

Raw logistic(Raw x) {
  if (x == 0) return 1 << 30;
  const Raw positive = reciprocal_of_one_plus(exponential(x > 0 ? -x : x));
  return x > 0 ? positive : kOne - positive;
}

}  // namespace

bool has_logistic(const Grid& output) {
  return output.scale == 1.0F / 256.0F && output.zero_point == 0;
}

std::vector<std::uint8_t> logistic_table(const Grid& input) {
  constexpr int kFraction = 31 - kInputBits;
  const FixedMultiplier fixed = fixed_multiplier(std::ldexp(double{input.scale}, kFraction));
  const double radius = std::floor(std::ldexp(15.0, kFraction + fixed.shift));
  std::vector<std::uint8_t> table;
  for (int code = 0; code < kCodes; ++code) {
    const int steps = code - input.zero_point;
    if (std::abs(steps) >= radius) {
      table.push_back(steps > 0 ? kCodes - 1 : 0);
      continue;
    }
    const Raw shifted = steps * (1 << std::max(-fixed.shift, 0));
    const Raw high = product(shifted, fixed.multiplier);
    const Raw x = fixed.shift > 0 ? quotient(high, fixed.shift) : high;
    table.push_back(static_cast<std::uint8_t>(std::min(quotient(logistic(x), 23), kCodes - 1)));
  }
  return table;
}

}  // namespace coco_mcu::exchange
