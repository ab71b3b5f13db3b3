#include "kernels/cortex_m/cortex_m.h"
#include "kernels/reference/reference.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr std::int64_t kRange = std::int64_t{1} << 31;
constexpr std::size_t kMostAddends = 257;  // codes whose sum stays within 16 bits

/// A layer with one multiplier for all channels, in the form that the loops below need.
struct Uniform {
  explicit Uniform(const core::Requantization& rule)
      : multiplier(static_cast<std::int32_t>(rule.multipliers[0]) * (1 << rule.left_shift)),
        offset(rule.offsets[0] * (1 << rule.offset_shift)),
        shift(rule.shift) {}

  std::int32_t multiplier;  // shifted left
  std::int32_t offset;      // likewise
  int shift;
};

/// Whether every product and sum of a multiplication stays within 32 bits when the second operand
/// is multiplied first, and codes within 16 before they are cut.
bool is_within_words(const Multiply& layer) {
  const core::Requantization& rule = layer.requantization;
  if (!rule.is_uniform || rule.twice != nullptr) return false;
  const auto farthest = [](std::int32_t zero) -> std::int64_t {
    return zero < 128 ? 255 - zero : zero;
  };
  const std::int64_t factor = (farthest(layer.by_zero_point) * rule.multipliers[0])
                              << rule.left_shift;
  const std::int64_t largest =
      (factor * farthest(layer.zero_point) >> 16) +
      (std::int64_t{rule.offsets[0] < 0 ? -rule.offsets[0] : rule.offsets[0]} << rule.offset_shift);
  return factor < kRange && farthest(layer.zero_point) < 32768 && largest < kRange &&
         largest >> rule.shift < 32767;
}

/// Four channels of `count` columns, `stride` bytes apart, all times the same `factors`.
[[gnu::always_inline]] inline void multiply_columns(const Uniform& rule, std::uint32_t zero,
                                                    const std::int32_t (&factors)[4],
                                                    const std::uint8_t* x, std::size_t stride,
                                                    std::int32_t count, std::uint8_t* out) {
#pragma GCC unroll 2
  for (; count != 0; --count, x += stride, out += stride) {
    const Halves codes = codes_of(x);
    const auto even = static_cast<std::int32_t>(subtract_halves(codes.even, zero));
    const auto odd = static_cast<std::int32_t>(subtract_halves(codes.odd, zero));
    const std::int32_t sums[4] = {__smlawb(factors[0], even, rule.offset) >> rule.shift,
                                  __smlawb(factors[1], odd, rule.offset) >> rule.shift,
                                  __smlawt(factors[2], even, rule.offset) >> rule.shift,
                                  __smlawt(factors[3], odd, rule.offset) >> rule.shift};
    store_word(out, saturated_codes(sums));
  }
}

}  // namespace

void multiply_row(const Multiply& layer, const std::uint8_t* x, const std::uint8_t* by,
                  std::uint8_t* out) {
  if (layer.channels % 4 != 0 || !is_within_words(layer)) {
    reference::multiply_row(layer, x, by, out);
    return;
  }
  const auto channels = static_cast<std::size_t>(layer.channels);
  const Uniform rule(layer.requantization);
  const std::uint32_t zero = twice(static_cast<std::uint32_t>(layer.zero_point) & 0xFFFFU);
  for (std::int32_t column = 0; column < layer.width;) {
    // The columns that meet the same column of the second operand.
    const std::int32_t by_column = (column + layer.offset) / layer.factor;
    std::int32_t end = (by_column + 1) * layer.factor - layer.offset;
    if (end > layer.width) end = layer.width;
    const std::size_t at = static_cast<std::size_t>(column) * channels;
    const std::uint8_t* factor = by + static_cast<std::size_t>(by_column) * channels;
    for (std::size_t c = 0; c < channels; c += 4) {
      std::int32_t factors[4];
      for (std::size_t i = 0; i < 4; ++i) {
        factors[i] = (factor[c + i] - layer.by_zero_point) * rule.multiplier;
      }
      multiply_columns(rule, zero, factors, x + at + c, channels, end - column, out + at + c);
    }
    column = end;
  }
  finish_codes(layer.requantization, out, static_cast<std::size_t>(layer.width) * channels);
}

void add(const Add& layer, const std::uint8_t* x, const std::uint8_t* y, std::size_t count,
         std::uint8_t* out) {
  const core::Requantization& rule = layer.requantization;
  if (rule.left_shift != 0 || rule.twice != nullptr) {
    reference::add(layer, x, y, count, out);
    return;
  }
  const std::int32_t start =
      -layer.zero_points[0] * layer.factors[0] - layer.zero_points[1] * layer.factors[1];
  const Uniform uniform(rule);
  const std::size_t whole = count / 4 * 4;
  for (std::size_t i = 0; i < whole; i += 4) {
    const Halves a = codes_of(x + i);
    const Halves b = codes_of(y + i);
    const auto sum = [&](std::uint32_t left, std::uint32_t right, bool is_upper) {
      const auto l = static_cast<std::int32_t>(left);
      const auto r = static_cast<std::int32_t>(right);
      std::int32_t total =
          is_upper ? __smlatb(l, layer.factors[0], start) : __smlabb(l, layer.factors[0], start);
      total =
          is_upper ? __smlatb(r, layer.factors[1], total) : __smlabb(r, layer.factors[1], total);
      return __smlawb(total, uniform.multiplier, uniform.offset) >> uniform.shift;
    };
    const std::uint32_t word =
        __usat(sum(a.even, b.even, false), 8) | __usat(sum(a.odd, b.odd, false), 8) << 8U |
        __usat(sum(a.even, b.even, true), 8) << 16U | __usat(sum(a.odd, b.odd, true), 8) << 24U;
    store_word(out + i, word);
  }
  finish_codes(rule, out, whole);
  reference::add(layer, x + whole, y + whole, count - whole, out + whole);
}

/// One channel group's largest codes at a time: the others of a word take the same instructions.
void max_pool_row(const MaxPool& layer, WindowRows rows, std::uint8_t* out) {
  if (layer.channels % 4 != 0) {
    reference::max_pool_row(layer, rows, out);
    return;
  }
  const auto channels = static_cast<std::size_t>(layer.channels);
  for (std::int32_t column = 0; column < layer.out_width; ++column) {
    const std::size_t left = static_cast<std::size_t>(column * layer.stride) * channels;
    for (std::size_t c = 0; c < channels; c += 4, out += 4) {
      std::uint32_t largest = 0;
      for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
        const std::uint8_t* x = rows[ky] + left + c;
        for (std::int32_t kx = 0; kx < layer.kernel; ++kx, x += channels) {
          largest = larger_codes(largest, load_word(x));
        }
      }
      store_word(out, largest);
    }
  }
}

/// Four channels' sums stay in registers while the pixels go by.
void sum_pixels(const std::uint8_t* x, std::size_t pixels, std::size_t channels,
                std::int32_t* sums) {
  std::size_t c = 0;
  for (; c + 4 <= channels; c += 4) {
    const std::uint8_t* from = x + c;
    for (std::size_t left = pixels; left != 0;) {
      const std::size_t some = left < kMostAddends ? left : kMostAddends;
      std::uint32_t even = 0;
      std::uint32_t odd = 0;
      for (std::size_t i = some; i != 0; --i, from += channels) {
        const std::uint32_t word = load_word(from);
        asm("uxtab16 %0, %0, %1" : "+r"(even) : "r"(word));
        asm("uxtab16 %0, %0, %1, ror #8" : "+r"(odd) : "r"(word));
      }
      sums[c] += static_cast<std::int32_t>(even & 0xFFFFU);
      sums[c + 1] += static_cast<std::int32_t>(odd & 0xFFFFU);
      sums[c + 2] += static_cast<std::int32_t>(even >> 16U);
      sums[c + 3] += static_cast<std::int32_t>(odd >> 16U);
      left -= some;
    }
  }
  for (; c < channels; ++c) {
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) sums[c] += x[pixel * channels + c];
  }
}

void lookup(const std::uint8_t* table, const std::uint8_t* x, std::size_t count,
            std::uint8_t* out) {
  const std::size_t whole = count / 4 * 4;
  for (std::size_t i = 0; i < whole; i += 4) {
    const std::uint32_t w = load_word(x + i);
    store_word(out + i, std::uint32_t{table[w & 0xFFU]} |
                            std::uint32_t{table[w >> 8U & 0xFFU]} << 8U |
                            std::uint32_t{table[w >> 16U & 0xFFU]} << 16U |
                            std::uint32_t{table[w >> 24U]} << 24U);
  }
  for (std::size_t i = whole; i < count; ++i) out[i] = table[x[i]];
}

void finish_codes(const core::Requantization& rule, std::uint8_t* codes, std::size_t count) {
  if (rule.low != 0 || rule.high != 255) {
    const std::uint32_t low = rule.low * 0x01010101U;
    const std::uint32_t high = rule.high * 0x01010101U;
    const std::size_t whole = count / 4 * 4;
    std::uint8_t* const end = codes + whole;
#pragma GCC unroll 2
    for (std::uint8_t* at = codes; at != end; at += 4) {
      store_word(at, smaller_codes(larger_codes(low, load_word(at)), high));
    }
    for (std::size_t i = whole; i < count; ++i) {
      const std::uint8_t code = codes[i] < rule.low ? rule.low : codes[i];
      codes[i] = code > rule.high ? rule.high : code;
    }
  }
  if (rule.table != nullptr) lookup(rule.table, codes, count, codes);
}

}  // namespace coco_mcu::kernels::cortex_m
