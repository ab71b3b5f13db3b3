#include "exchange/tflite_addition.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/requantize.h"

namespace coco_mcu::exchange {
namespace {

constexpr int kFineBits = 20;  // that both inputs are shifted to the left
constexpr std::size_t kCodes = 256;
constexpr std::int32_t kLeastFactor = 1 << 13;
constexpr std::size_t kCandidates = 24;

/// Of the two inputs' scales, twice the larger: what a fine number is 2^-20 of.
double unit_of(const Grid& x, const Grid& y) {
  return 2.0 * double{std::max(x.scale, y.scale)};
}

double output_multiplier(const Grid& x, const Grid& y, const Grid& output) {
  return unit_of(x, y) / (std::ldexp(1.0, kFineBits) * double{output.scale});
}

core::Requantization twice(const std::int32_t (&numbers)[core::kTwiceNumbers], int zero_point) {
  core::Requantization rule;
  rule.is_uniform = true;
  rule.twice = numbers;
  rule.zero_point = static_cast<std::uint8_t>(zero_point);
  return rule;
}

/// Pairs of integers whose ratio is near `ratio`, the nearest first.
std::vector<std::pair<std::int32_t, std::int32_t>> near_ratio(double ratio) {
  std::vector<std::pair<double, std::int32_t>> by_error;
  for (std::int32_t large = kLeastFactor; large <= std::numeric_limits<std::int16_t>::max();
       ++large) {
    by_error.emplace_back(std::abs(std::round(large * ratio) / large - ratio), large);
  }
  std::ranges::partial_sort(by_error, by_error.begin() + kCandidates);
  std::vector<std::pair<std::int32_t, std::int32_t>> pairs;
  for (std::size_t i = 0; i < kCandidates; ++i) {
    const std::int32_t large = by_error[i].second;
    pairs.emplace_back(large, static_cast<std::int32_t>(std::round(large * ratio)));
  }
  return pairs;
}

}  // namespace

bool TfliteAddition::is_possible(const Grid& x, const Grid& y, const Grid& output) {
  return output_multiplier(x, y, output) < 1.0;
}

TfliteAddition::TfliteAddition(const Grid& x, const Grid& y, const Grid& output)
    : inputs_({x, y}),
      output_(output),
      to_output_(fixed_multiplier(output_multiplier(x, y, output))) {
  for (std::size_t which = 0; which < 2; ++which) {
    const Grid& input = inputs_[which];
    const FixedMultiplier to_fine = fixed_multiplier(double{input.scale} / unit_of(x, y));
    for (std::size_t code = 0; code < kCodes; ++code) {
      const auto steps = static_cast<std::int32_t>(code) - input.zero_point;
      fine_[which][code] = static_cast<std::int32_t>(scaled(to_fine, steps * (1 << kFineBits)));
    }
  }
}

std::uint8_t TfliteAddition::code(std::uint8_t x, std::uint8_t y) const {
  const std::int32_t numbers[] = {to_output_.multiplier, 0, to_output_.shift};
  return core::requantize_twice(twice(numbers, output_.zero_point), fine_[0][x] + fine_[1][y], 0);
}

std::size_t TfliteAddition::differing(const Rule& rule, std::size_t enough) const {
  const std::int32_t numbers[] = {rule.multiplier.multiplier, 0, rule.multiplier.shift};
  const core::Requantization requantization = twice(numbers, output_.zero_point);
  std::size_t found = 0;
  for (std::size_t x = 0; x < kCodes && found < enough; ++x) {
    for (std::size_t y = 0; y < kCodes; ++y) {
      const std::int32_t sum =
          (static_cast<std::int32_t>(x) - inputs_[0].zero_point) * rule.factors[0] +
          (static_cast<std::int32_t>(y) - inputs_[1].zero_point) * rule.factors[1];
      const std::uint8_t ours = core::requantize_twice(requantization, sum, 0);
      if (ours != code(static_cast<std::uint8_t>(x), static_cast<std::uint8_t>(y))) ++found;
    }
  }
  return found;
}

TfliteAddition::Rule TfliteAddition::rule() const {
  const bool first_is_larger = inputs_[0].scale >= inputs_[1].scale;
  const double larger = double{inputs_[first_is_larger ? 0 : 1].scale};
  const double ratio = double{inputs_[first_is_larger ? 1 : 0].scale} / larger;
  Rule best;
  best.differing = kCodes * kCodes + 1;
  for (const auto& [large, small] : near_ratio(ratio)) {
    Rule rule;
    rule.factors = {static_cast<std::int16_t>(first_is_larger ? large : small),
                    static_cast<std::int16_t>(first_is_larger ? small : large)};
    rule.multiplier = fixed_multiplier(larger / large / double{output_.scale});
    rule.differing = differing(rule, best.differing);
    if (rule.differing < best.differing) best = rule;
    if (best.differing == 0) break;
  }
  return best;
}

std::optional<FixedMultiplier> product_multiplier(const Grid& x, const Grid& y,
                                                  const Grid& output) {
  constexpr int kMostLeftShift = 15;  // 255 * 255 * 2^15 is below 2^31
  const FixedMultiplier fixed =
      fixed_multiplier(double{x.scale} * double{y.scale} / double{output.scale});
  if (fixed.shift < -kMostLeftShift) return std::nullopt;
  return fixed;
}

}  // namespace coco_mcu::exchange
