#include "lowering/quantize_requantization.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::lowering {
namespace {

constexpr double kLargest16 = std::numeric_limits<std::int16_t>::max();
constexpr std::int64_t kLimit32 = std::int64_t{1} << 31;
constexpr int kLargestShift = 31;

/// An offset that acts like the given one: where every accumulator leads below 0 or above 255, a
/// whole one that just does.
double cut_offset(double offset, double multiplier, const core::AccumulatorRange& accumulator) {
  const double below = std::floor(-multiplier * static_cast<double>(accumulator.highest) - 1.0);
  const double above = std::ceil(256.0 - multiplier * static_cast<double>(accumulator.lowest));
  const double acting = std::clamp(offset, std::min(below, above), std::max(below, above));
  return std::clamp(acting, -kLargest16, kLargest16);  // e <= s
}

/// The largest p for which the largest multiplier times 2^p fits into 15 bits.
int fitting_power(double largest_multiplier) {
  if (largest_multiplier == 0.0) return 16;
  int power = 15 - std::ilogb(largest_multiplier);  // gives 2^15 and more
  while (std::round(std::ldexp(largest_multiplier, power)) > kLargest16) --power;
  return power;
}

/// The smallest e for which offset * 2^(shift - e) fits into 16 bits.
int fitting_offset_shift(double largest_offset, int shift) {
  int offset_shift = 0;
  while (std::round(std::ldexp(largest_offset, shift - offset_shift)) > kLargest16) ++offset_shift;
  return offset_shift;
}

struct Candidate {
  model::Requantization rule;
  /// Codes, the largest of all channels. Multipliers too small to stand beside the largest are no
  /// part of it: zero whatever the shifts, they would hide the errors of all others.
  double error = 0.0;
};

/// Integers for given shifts; nothing where an intermediate value may leave 32 bits. `power` is
/// what fits the largest multiplier.
std::optional<Candidate> with_shifts(const RealRequantization& real, int power, int left_shift,
                                     int shift, int offset_shift) {
  Candidate candidate;
  candidate.rule.left_shift = static_cast<std::uint8_t>(left_shift);
  candidate.rule.shift = static_cast<std::uint8_t>(shift);
  candidate.rule.offset_shift = static_cast<std::uint8_t>(offset_shift);
  const int multiplier_power = 16 + shift - left_shift;
  for (std::size_t c = 0; c < real.multipliers.size(); ++c) {
    const auto multiplier =
        static_cast<std::int16_t>(std::round(std::ldexp(real.multipliers[c], multiplier_power)));
    const auto offset =
        static_cast<std::int16_t>(std::round(std::ldexp(real.offsets[c], shift - offset_shift)));
    const std::int64_t reach = real.accumulators[c].reach();
    if (reach >= kLimit32 >> left_shift) return std::nullopt;
    const std::int64_t scaled = (((reach << left_shift) * multiplier) >> 16) + 1;
    const std::int64_t added = std::abs(std::int64_t{offset} * (std::int64_t{1} << offset_shift));
    if (scaled + added >= kLimit32) return std::nullopt;
    candidate.rule.multipliers.push_back(multiplier);
    candidate.rule.offsets.push_back(offset);
    const bool is_negligible = std::round(std::ldexp(real.multipliers[c], power)) == 0.0;
    const double multiplier_error =
        is_negligible ? 0.0
                      : std::abs(std::ldexp(multiplier, -multiplier_power) - real.multipliers[c]);
    const double offset_error =
        std::abs(std::ldexp(offset, offset_shift - shift) - real.offsets[c]);
    candidate.error =
        std::max(candidate.error, multiplier_error * static_cast<double>(reach) + offset_error);
  }
  return candidate;
}

RealRequantization checked(RealRequantization real, std::string_view layer) {
  for (std::size_t c = 0; c < real.multipliers.size(); ++c) {
    const bool is_number = std::isfinite(real.multipliers[c]) && std::isfinite(real.offsets[c]);
    if (!is_number || real.multipliers[c] < 0.0) {
      throw std::invalid_argument(fmt::format(
          "layer {}, channel {}: has no requantization (multiplier {}, offset {}); look for "
          "weights or batch norm that are not finite in the checkpoint",
          layer, c, real.multipliers[c], real.offsets[c]));
    }
    real.offsets[c] = cut_offset(real.offsets[c], real.multipliers[c], real.accumulators[c]);
  }
  return real;
}

}  // namespace

model::Requantization requantization(const RealRequantization& given, std::string_view layer) {
  const RealRequantization real = checked(given, layer);
  double largest_offset = 0.0;
  for (const double offset : real.offsets) {
    largest_offset = std::max(largest_offset, std::abs(offset));
  }
  const int power = fitting_power(std::ranges::max(real.multipliers));
  std::optional<Candidate> best;
  for (int shift = 0; shift <= kLargestShift; ++shift) {
    const int left_shift = std::max(16 + shift - power, 0);
    const int offset_shift = fitting_offset_shift(largest_offset, shift);
    // A multiplier so large that it needs a left shift by 31 bits and more meets no accumulator
    // but 0.
    if (left_shift >= kLargestShift || offset_shift > shift) continue;
    const auto candidate = with_shifts(real, power, left_shift, shift, offset_shift);
    if (candidate && (!best || candidate->error < best->error)) best = candidate;
  }
  if (!best) {
    throw std::invalid_argument(fmt::format(
        "layer {}: its accumulators and multipliers up to {} do not fit into 32 bits together; its "
        "output's range is too small for its weights, calibrate it with more pictures",
        layer, std::ranges::max(real.multipliers)));
  }
  return best->rule;
}

}  // namespace coco_mcu::lowering
