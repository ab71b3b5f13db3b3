#include "exchange/tflite_average.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "exchange/tflite_arithmetic.h"

namespace coco_mcu::exchange {
namespace {

constexpr int kMostCode = 255;
constexpr int kMostMultiplier = 32767;
constexpr int kMostShift = 15;
constexpr int kLeastShift = 6;

/// To nearest, halves away from zero.
std::int64_t quotient(std::int64_t sum, std::int64_t count) {
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

int within_codes(std::int64_t code) {
  return static_cast<int>(std::clamp<std::int64_t>(code, 0, kMostCode));
}

/// What may be added to the product before the last shift.
struct Addends {
  std::int64_t least = std::numeric_limits<std::int32_t>::min();
  std::int64_t most = std::numeric_limits<std::int32_t>::max();

  bool is_empty() const { return least > most; }
};

Addends addends_of(const model::Requantization& rule, int count, int zero_point,
                   const AverageCode& code_of) {
  Addends found;
  for (std::int64_t sum = 0; sum <= std::int64_t{kMostCode} * count && !found.is_empty(); ++sum) {
    const std::int64_t accumulator = sum - std::int64_t{zero_point} * count;
    const std::int64_t product =
        (accumulator * (std::int64_t{1} << rule.left_shift) * rule.multipliers[0]) >> 16;
    const int code = code_of(sum);
    const std::int64_t unit = std::int64_t{1} << rule.shift;
    if (code > 0) found.least = std::max(found.least, code * unit - product);
    if (code < kMostCode) found.most = std::min(found.most, (code + 1) * unit - 1 - product);
  }
  return found;
}

/// Whether one of the addends can be stored; then it is.
bool store(const Addends& addends, model::Requantization& rule) {
  constexpr int kMostOffset = std::numeric_limits<std::int16_t>::max();
  for (int shift = 0; shift <= rule.shift; ++shift) {
    const std::int64_t offset = ((addends.least + addends.most) / 2) >> shift;
    const std::int64_t addend = offset * (std::int64_t{1} << shift);
    const bool fits =
        std::abs(offset) <= kMostOffset && addend >= addends.least && addend <= addends.most;
    if (!fits) continue;
    rule.offset_shift = static_cast<std::uint8_t>(shift);
    rule.offsets = {static_cast<std::int16_t>(offset)};
    return true;
  }
  return false;
}

}  // namespace

AverageCode pooled_average(int count) {
  return [count](std::int64_t sum) {
    constexpr int kZero = 128;
    return within_codes(quotient(sum - std::int64_t{kZero} * count, count) + kZero);
  };
}

AverageCode average_upwards(int count) {
  return [count](std::int64_t sum) { return within_codes((2 * sum + count) / (2 * count)); };
}

AverageCode rescaled_mean(const Grid& input, const Grid& output, int count) {
  const FixedMultiplier fixed = fixed_multiplier(double{input.scale} / double{output.scale});
  return [=](std::int64_t sum) {
    const std::int64_t rescaled = scaled(fixed, sum - std::int64_t{input.zero_point} * count);
    return within_codes(quotient(rescaled, count) + output.zero_point);
  };
}

std::optional<model::Requantization> average_rule(int count, int zero_point, double multiplier,
                                                  const AverageCode& code_of) {
  constexpr double kInt32 = 2147483648.0;
  for (int shift = kMostShift; shift >= kLeastShift; --shift) {
    model::Requantization rule;
    rule.shift = static_cast<std::uint8_t>(shift);
    double stored = std::ldexp(multiplier, 16 + shift);
    for (; stored > kMostMultiplier - 1 && rule.left_shift < 16; stored /= 2.0) ++rule.left_shift;
    const double reach = std::ldexp(255.0 * count, rule.left_shift);
    if (stored > kMostMultiplier - 1 || reach >= kInt32) continue;
    for (const int more : {0, 1, -1}) {
      const long candidate = std::lround(stored) + more;
      if (candidate < 0) continue;
      rule.multipliers = {static_cast<std::int16_t>(candidate)};
      const Addends addends = addends_of(rule, count, zero_point, code_of);
      if (!addends.is_empty() && store(addends, rule)) return rule;
    }
  }
  return std::nullopt;
}

}  // namespace coco_mcu::exchange
