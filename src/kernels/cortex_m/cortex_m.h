// Kernels for Arm cores with the DSP extension (Armv7E-M, Armv8-M): two products of 16 bits in one
// instruction. They unpack weights and codes onto the stack and need no scratch. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <arm_acle.h>

#include "kernels/kernels.h"

namespace coco_mcu::kernels::cortex_m {

const ConvolutionKernel& convolution(const Convolution& layer);
const ConvolutionKernel& depthwise(const Convolution& layer);
void multiply_row(const Multiply& layer, const std::uint8_t* x, const std::uint8_t* by,
                  std::uint8_t* out);
void add(const Add& layer, const std::uint8_t* x, const std::uint8_t* y, std::size_t count,
         std::uint8_t* out);
void sum_pixels(const std::uint8_t* x, std::size_t pixels, std::size_t channels,
                std::int32_t* sums);
void max_pool_row(const MaxPool& layer, WindowRows rows, std::uint8_t* out);
void lookup(const std::uint8_t* table, const std::uint8_t* x, std::size_t count, std::uint8_t* out);

/// A layer's table, where it has one, in place.
void apply_table(const core::Requantization& rule, std::uint8_t* codes, std::size_t count);

/// A layer's limits on four codes at a time. Of codes less `low`, cut to 0..255, UQADD8 with `add`
/// and a subtraction of `subtract` make codes within the limits.
struct Limits {
  explicit Limits(const core::Requantization& rule)
      : low(rule.low),
        add((255U + rule.low - rule.high) * 0x01010101U),
        subtract((255U - rule.high) * 0x01010101U) {}

  std::uint32_t low;
  std::uint32_t add;
  std::uint32_t subtract;
};

inline std::uint32_t load_word(const std::uint8_t* bytes) {
  std::uint32_t word;
  std::memcpy(&word, bytes, sizeof(word));  // one load, at any alignment
  return word;
}

inline void store_word(std::uint8_t* bytes, std::uint32_t word) {
  std::memcpy(bytes, &word, sizeof(word));
}

/// The same number of 16 bits twice.
constexpr std::uint32_t twice(std::uint32_t half) {
  return half | half << 16U;
}

inline std::int32_t multiply_add_halves(std::uint32_t x, std::uint32_t w, std::int32_t sum) {
  return __smlad(static_cast<int16x2_t>(x), static_cast<int16x2_t>(w), sum);
}

inline std::uint32_t subtract_halves(std::uint32_t x, std::uint32_t y) {
  return static_cast<std::uint32_t>(__ssub16(static_cast<int16x2_t>(x), static_cast<int16x2_t>(y)));
}

/// The larger one of each of four codes.
inline std::uint32_t larger_codes(std::uint32_t x, std::uint32_t y) {
  return x + __uqsub8(y, x);
}

}  // namespace coco_mcu::kernels::cortex_m
