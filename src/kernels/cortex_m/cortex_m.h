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

/// Two numbers of 16 bits.
struct Halves {
  std::uint32_t even = 0;  // of the weights or codes 0 and 2
  std::uint32_t odd = 0;   // of 1 and 3
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

inline Halves halves_of(std::uint32_t word) {
  std::uint32_t odd;  // the compiler does not find the rotation that the instruction has
  asm("uxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(word));
  return {__uxtb16(word), odd};
}

inline Halves codes_of(const std::uint8_t* bytes) {
  return halves_of(load_word(bytes));
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

/// Four numbers within 16 bits, cut to codes of 0..255.
inline std::uint32_t saturated_codes(const std::int32_t (&numbers)[4]) {
  std::uint32_t even;
  std::uint32_t odd;
  asm("pkhbt %0, %1, %2, lsl #16\n usat16 %0, #8, %0"
      : "=&r"(even)
      : "r"(numbers[0]), "r"(numbers[2]));
  asm("pkhbt %0, %1, %2, lsl #16\n usat16 %0, #8, %0"
      : "=&r"(odd)
      : "r"(numbers[1]), "r"(numbers[3]));
  return even | odd << 8U;
}

/// What four output channels need of the layer's requantization, looked up once.
struct FourCodes {
  FourCodes(const core::Requantization& layer, std::size_t first, std::size_t made_channels)
      : rule(layer), made(made_channels) {
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t c = rule.is_uniform ? 0 : first + (i < made ? i : 0);
      numbers[i] = {rule.multipliers[c], rule.offsets[c] * (1 << rule.offset_shift)};
    }
    is_plain = made == 4 && rule.low == 0 && rule.high == 255;
  }

  /// Codes of four sums to `out`; only `made` of them are written.
  void store(const std::int32_t (&sums)[4], std::uint8_t* out) const {
    std::uint32_t codes[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const auto shifted =
          static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[i]) << rule.left_shift);
      codes[i] =
          __usat(__smlawb(shifted, numbers[i].multiplier, numbers[i].offset) >> rule.shift, 8);
    }
    if (is_plain) {
      if (const std::uint8_t* table = rule.table) {
        for (std::uint32_t& code : codes) code = table[code];
      }
      const std::uint32_t word = codes[0] | codes[1] << 8U | codes[2] << 16U | codes[3] << 24U;
      std::memcpy(out, &word, sizeof(word));
      return;
    }
    for (std::size_t i = 0; i < made; ++i) {
      std::uint32_t code = codes[i];
      code = code < rule.low ? rule.low : code;
      code = code > rule.high ? rule.high : code;
      out[i] = rule.table == nullptr ? static_cast<std::uint8_t>(code) : rule.table[code];
    }
  }

  struct Numbers {
    std::int32_t multiplier = 0;
    std::int32_t offset = 0;  // shifted
  };
  core::Requantization rule;
  std::size_t made;
  Numbers numbers[4];
  bool is_plain = false;
};

}  // namespace coco_mcu::kernels::cortex_m
