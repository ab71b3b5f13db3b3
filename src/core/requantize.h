// From a 32-bit accumulator to an 8-bit code: the one rounding of the integer network.
// Freestanding. See docs/arithmetic.md, "Requantization".
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/uses.h"

namespace coco_mcu::core {

/// What all channels of a layer share of its requantization.
struct LayerRequantization {
  std::uint8_t left_shift = 0;    // l
  std::uint8_t shift = 0;         // s
  std::uint8_t offset_shift = 0;  // e
  std::uint8_t low = 0;           // relu and relu6 are limits of the code
  std::uint8_t high = 255;

  bool operator==(const LayerRequantization&) const = default;
};

/// What a layer does with its accumulators. With l, s, e the three shifts, channel c's code is
///
///     t    = ((accumulator << l) * multipliers[c]) >> 16       (48-bit product, rounded down)
///     code = clamp((t + (offsets[c] << e)) >> s, low, high)    (rounded down)
///
/// and, where there is a table, table[code]. The real output is multiplier * 2^(l - 16 - s) per
/// accumulator unit; the offset holds bias, the output's zero point and the half that makes the
/// last shift round half up.
///
/// Contract, checked when a model is loaded: 0 <= multiplier; |accumulator << l| < 2^31;
/// |t + (offset << e)| < 2^31; s <= 31; e <= s.
///
/// Where `twice` is set, the rule is TensorFlow Lite's instead, see requantize_twice.
struct Requantization : LayerRequantization {
  const std::int16_t* multipliers = nullptr;  // one for each channel; just one where `is_uniform`
  const std::int16_t* offsets = nullptr;      // likewise
  const std::uint8_t* table = nullptr;        // 256 codes, or null
  bool is_uniform = false;                    // all channels share multipliers[0] and offsets[0]

  /// Triples of each channel, one where `is_uniform`: multiplier, bias, shift; or null.
  const std::int32_t* twice = nullptr;
  std::uint8_t zero_point = 0;  // of the output, for that rule
};

/// How many int32 numbers a channel has under that rule.
constexpr std::size_t kTwiceNumbers = 3;

/// TensorFlow Lite's rule (docs/arithmetic.md, "Imported models"): a product in units of 2^-31 that
/// is rounded to nearest, halves upwards, then a division by a power of two that is rounded to
/// nearest, halves away from zero (gemmlowp's SaturatingRoundingDoublingHighMul and
/// RoundingDivideByPOT). A negative shift multiplies first. Contract: multiplier >= 0; shift within
/// -31..31; |accumulator + bias| << -shift below 2^31.
inline std::uint8_t requantize_twice(const Requantization& rule, std::int32_t accumulator,
                                     std::size_t channel) {
  const std::int32_t* numbers = rule.twice + kTwiceNumbers * channel;
  const std::int32_t shift = numbers[2];
  const std::int64_t value =
      (std::int64_t{accumulator} + numbers[1]) * (std::int64_t{1} << (shift < 0 ? -shift : 0));
  const std::int64_t product = value * numbers[0];
  const std::int64_t nudge = product >= 0 ? (std::int64_t{1} << 30) : 1 - (std::int64_t{1} << 30);
  const std::int64_t high = (product + nudge) / (std::int64_t{1} << 31);  // towards zero
  const std::int64_t unit = std::int64_t{1} << (shift > 0 ? shift : 0);
  const std::int64_t rest = high & (unit - 1);
  const std::int64_t threshold = ((unit - 1) >> 1) + (high < 0 ? 1 : 0);
  const std::int64_t rounded =
      (high >> (shift > 0 ? shift : 0)) + (shift > 0 && rest > threshold ? 1 : 0);
  const std::int64_t code = rounded + rule.zero_point;
  if (code < rule.low) return rule.low;
  return code > rule.high ? rule.high : static_cast<std::uint8_t>(code);
}

/// The code of one accumulator of channel `channel`, before the table.
inline std::uint8_t requantize_to_code(const Requantization& rule, std::int32_t accumulator,
                                       std::size_t channel) {
  const std::size_t c = rule.is_uniform ? 0 : channel;
  if (kUsesTwice && rule.twice != nullptr) return requantize_twice(rule, accumulator, c);
  const auto shifted =
      static_cast<std::int64_t>(accumulator) * (std::int64_t{1} << rule.left_shift);
  const std::int64_t scaled = (shifted * rule.multipliers[c]) >> 16;
  const std::int64_t offset = static_cast<std::int64_t>(rule.offsets[c]) * (1 << rule.offset_shift);
  const std::int64_t code = (scaled + offset) >> rule.shift;
  if (code < rule.low) return rule.low;
  return code > rule.high ? rule.high : static_cast<std::uint8_t>(code);
}

/// The code that is stored: through the table where there is one.
inline std::uint8_t requantize(const Requantization& rule, std::int32_t accumulator,
                               std::size_t channel) {
  const std::uint8_t code = requantize_to_code(rule, accumulator, channel);
  return rule.table == nullptr ? code : rule.table[code];
}

}  // namespace coco_mcu::core
