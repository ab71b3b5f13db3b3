// Requantization of a vector of accumulators (docs/arithmetic.md). Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/x86/x86.h"

namespace coco_mcu::kernels::x86 {

[[gnu::always_inline]] constexpr std::size_t size(std::int32_t count) {
  return static_cast<std::size_t>(count);
}

[[gnu::always_inline]] constexpr std::size_t smaller(std::size_t a, std::size_t b) {
  return a < b ? a : b;
}

[[gnu::always_inline]] constexpr std::size_t larger(std::size_t a, std::size_t b) {
  return a < b ? b : a;
}

[[gnu::always_inline]] constexpr std::size_t quotient_up(std::size_t a, std::size_t b) {
  return (a + b - 1) / b;
}

[[gnu::always_inline]] constexpr std::size_t round_up(std::size_t a, std::size_t multiple) {
  return quotient_up(a, multiple) * multiple;
}

/// What stands where a window reaches beyond the picture.
[[gnu::always_inline]] inline std::uint8_t padding_code(const Convolution& layer) {
  return static_cast<std::uint8_t>(layer.zero_point);
}

/// What belongs to one vector of channels, as additions and multiplications want it.
template <class V>
struct Channels {
  std::int32_t multiplier[V::kLanes];       // m
  std::int32_t multiplier_high[V::kLanes];  // m << 16
  std::int32_t offset[V::kLanes];           // b << e
  std::int32_t start[V::kLanes];            // of the accumulator, where zero points come off

  void set(std::size_t lane, const core::Requantization& rule, std::size_t channel,
           std::int32_t first) {
    const std::size_t c = rule.is_uniform ? 0 : channel;
    start[lane] = first;
    multiplier[lane] = rule.multipliers[c];
    multiplier_high[lane] = rule.multipliers[c] * 65536;
    // The sum with t fits 32 bits, so that its terms may wrap.
    offset[lane] =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(rule.offsets[c]) << rule.offset_shift);
  }
  /// For lanes beyond the last channel.
  void clear(std::size_t lane) {
    multiplier[lane] = multiplier_high[lane] = offset[lane] = start[lane] = 0;
  }
};

/// The part of a rule that all channels share.
template <class V>
struct Requantizer {
  using Vector = typename V::Vector;

  explicit Requantizer(const core::Requantization& rule)
      : left_shift(V::set32(rule.left_shift)),
        shift(V::set32(rule.shift)),
        low(V::set8(rule.low)),
        high(V::set8(rule.high)) {}

  /// (((accumulators << l) * m >> 16) + (b << e)) >> s, the accumulators being sums + start. With
  /// x = accumulators << l = 2^16 * x_high + x_low the product's upper part is
  /// x_high * m + (x_low * m >> 16): two 16-bit multiplications.
  Vector scaled(Vector sums, const Channels<V>& channels) const {
    const Vector x = V::shift_left32(V::add32(sums, V::load(channels.start)), left_shift);
    const Vector upper = V::multiply_pairs16(x, V::load(channels.multiplier_high));
    const Vector lower = V::multiply_high_unsigned16(x, V::load(channels.multiplier));
    const Vector t = V::add32(upper, lower);
    return V::shift_right32(V::add32(t, V::load(channels.offset)), shift);
  }

  /// Codes as bytes of four vectors in the order of unpacking: see unpacked_byte.
  Vector codes(const Vector (&sums)[4], const Channels<V> (&channels)[4]) const {
    const Vector first = V::pack32(scaled(sums[0], channels[0]), scaled(sums[1], channels[1]));
    const Vector second = V::pack32(scaled(sums[2], channels[2]), scaled(sums[3], channels[3]));
    const Vector code = V::maximum_unsigned8(V::pack16_unsigned(first, second), low);
    return V::minimum_unsigned8(code, high);
  }

  Vector left_shift;
  Vector shift;
  Vector low;  // the limits, as bytes
  Vector high;
};

/// Unpacking bytes twice, low halves before high ones, makes four vectors of 32-bit lanes. Lane
/// `lane` of the `quarter`-th is this byte of the vector; packing twice restores the order.
[[gnu::always_inline]] constexpr std::size_t unpacked_byte(std::size_t quarter, std::size_t lane) {
  return lane / 4 * 16 + quarter * 4 + lane % 4;
}

}  // namespace coco_mcu::kernels::x86
