#include "kernels/cortex_m/cortex_m.h"
#include "kernels/reference/reference.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr std::int64_t kRange = std::int64_t{1} << 31;
constexpr std::size_t kMostAddends = 257;  // codes whose sum stays within 16 bits
constexpr int kFraction = 8;               // bits behind a code's point, which USAT cuts off

/// How far a code may lie from a zero point.
std::int64_t farthest(std::int32_t zero) {
  return zero < 128 ? 255 - zero : zero;
}

/// A layer's one offset, less `low`, with kFraction bits behind the point. kRange where more are
/// needed or where the layer's rule is another one.
std::int64_t uniform_offset(const core::Requantization& rule, std::int64_t low) {
  if (!rule.is_uniform || rule.twice != nullptr) return kRange;
  const std::int64_t offset = std::int64_t{rule.offsets[0]} << rule.offset_shift << kFraction;
  if ((offset >> rule.shift) << rule.shift != offset) return kRange;
  return (offset >> rule.shift) - (low << kFraction);
}

std::int64_t magnitude(std::int64_t number) {
  return number < 0 ? -number : number;
}

/// What a multiplication's second operand is multiplied with before the first one is; all products
/// and sums stay within 32 bits.
struct Scale {
  explicit Scale(const Multiply& layer)
      : offset(uniform_offset(layer.requantization, layer.requantization.low)) {
    const core::Requantization& rule = layer.requantization;
    const int left = kFraction + rule.left_shift - rule.shift;
    if (offset == kRange || left < 0) return;
    multiplier = std::int64_t{rule.multipliers[0]} << left;
    const std::int64_t factor = farthest(layer.by_zero_point) * multiplier;
    const std::int64_t most = (factor * farthest(layer.zero_point) >> 16) + magnitude(offset);
    is_within_words = factor < kRange && farthest(layer.zero_point) < 32768 && most < kRange;
  }

  std::int64_t offset;
  std::int64_t multiplier = 0;
  bool is_within_words = false;
};

/// What one call of multiply_columns works on: four channels of some columns. The assembler knows
/// the order of the fields.
struct Columns {
  const std::uint8_t* x_end;
  std::uint8_t* out_end;
  std::int32_t left;  // bytes before the ends, negative
  std::size_t stride;
  std::uint32_t zero;  // minus the zero point, twice
  std::int32_t offset;
  std::int32_t factors[4];
  std::uint32_t add;  // see Limits
};

[[gnu::naked, gnu::noipa]] void multiply_columns(const Columns* /*columns*/) {
  asm volatile(R"(
  push {r4-r11, lr}
  ldmia r0, {r0-r10}
1:
  ldr r11, [r0, r2]
  uxtab16 r12, r4, r11
  uxtab16 r11, r4, r11, ror #8
  smlawb lr, r6, r12, r5
  smlawt r12, r8, r12, r5
  usat lr, #8, lr, asr #8
  usat r12, #8, r12, asr #8
  orr lr, lr, r12, lsl #16
  smlawb r12, r7, r11, r5
  smlawt r11, r9, r11, r5
  usat r12, #8, r12, asr #8
  usat r11, #8, r11, asr #8
  orr lr, lr, r12, lsl #8
  orr lr, lr, r11, lsl #24
  uqadd8 lr, lr, r10
  str lr, [r1, r2]
  adds r2, r2, r3
  bne 1b
  pop {r4-r11, pc}
)");
}

/// An addition's numbers. Its sums are multiplied as they are; the upper half of the product is a
/// code less the lower limit.
struct Addition {
  explicit Addition(const Add& layer)
      : limits(layer.requantization),
        offset(uniform_offset(layer.requantization, layer.requantization.low)) {
    const core::Requantization& rule = layer.requantization;
    const int left = 16 + kFraction + rule.left_shift - rule.shift;
    if (offset == kRange || left < 0) return;
    multiplier = std::int64_t{rule.multipliers[0]} << left;
    const std::int64_t sum = magnitude(layer.factors[0]) * farthest(layer.zero_points[0]) +
                             magnitude(layer.factors[1]) * farthest(layer.zero_points[1]);
    is_within_words = multiplier < kRange && sum < kRange &&
                      (sum * multiplier >> 32) + magnitude(offset) + 1 < kRange;
    start = -layer.zero_points[0] * layer.factors[0] - layer.zero_points[1] * layer.factors[1];
    factors = (static_cast<std::uint32_t>(layer.factors[0]) & 0xFFFFU) |
              static_cast<std::uint32_t>(layer.factors[1]) << 16U;
  }

  Limits limits;
  std::int64_t offset;
  std::int64_t multiplier = 0;
  std::int32_t start = 0;
  std::uint32_t factors = 0;
  bool is_within_words = false;
};

/// A positive number of codes that is a multiple of four.
void add_words(const Addition& layer, const std::uint8_t* x, const std::uint8_t* y,
               std::size_t count, std::uint8_t* out) {
  const std::uint8_t* const end = x + count;
  std::uint32_t codes;
  std::uint32_t others;
  std::uint32_t code;
  asm volatile(
      "0:\n"
      "ldr %[codes], [%[x]], #4\n"
      "ldr %[others], [%[y]], #4\n"
      "pkhbt %[code], %[codes], %[others], lsl #16\n"  // codes 0 and 1 of both
      "pkhtb %[others], %[others], %[codes], asr #16\n"
      "uxtb16 %[codes], %[code]\n"
      "uxtb16 %[code], %[code], ror #8\n"
      "smlad %[codes], %[codes], %[factors], %[start]\n"
      "smlad %[code], %[code], %[factors], %[start]\n"
      "smmla %[codes], %[codes], %[multiplier], %[offset]\n"
      "smmla %[code], %[code], %[multiplier], %[offset]\n"
      "usat %[codes], #8, %[codes], asr #8\n"
      "usat %[code], #8, %[code], asr #8\n"
      "orr %[codes], %[codes], %[code], lsl #8\n"
      "uxtb16 %[code], %[others]\n"
      "uxtb16 %[others], %[others], ror #8\n"
      "smlad %[code], %[code], %[factors], %[start]\n"
      "smlad %[others], %[others], %[factors], %[start]\n"
      "smmla %[code], %[code], %[multiplier], %[offset]\n"
      "smmla %[others], %[others], %[multiplier], %[offset]\n"
      "usat %[code], #8, %[code], asr #8\n"
      "usat %[others], #8, %[others], asr #8\n"
      "orr %[codes], %[codes], %[code], lsl #16\n"
      "orr %[codes], %[codes], %[others], lsl #24\n"
      "uqadd8 %[codes], %[codes], %[add]\n"
      "sub %[codes], %[codes], %[subtract]\n"
      "str %[codes], [%[out]], #4\n"
      "cmp %[x], %[end]\n"
      "bne 0b\n"
      : [x] "+r"(x), [y] "+r"(y), [out] "+r"(out), [codes] "=&r"(codes), [others] "=&r"(others),
        [code] "=&r"(code)
      : [end] "r"(end), [factors] "r"(layer.factors), [start] "r"(layer.start),
        [multiplier] "r"(static_cast<std::int32_t>(layer.multiplier)),
        [offset] "r"(static_cast<std::int32_t>(layer.offset)), [add] "r"(layer.limits.add),
        [subtract] "r"(layer.limits.subtract)
      : "cc", "memory");
}

}  // namespace

void multiply_row(const Multiply& layer, const std::uint8_t* x, const std::uint8_t* by,
                  std::uint8_t* out) {
  const Scale scale(layer);
  if (layer.channels % 4 != 0 || !scale.is_within_words) {
    reference::multiply_row(layer, x, by, out);
    return;
  }
  const auto channels = static_cast<std::size_t>(layer.channels);
  const auto multiplier = static_cast<std::int32_t>(scale.multiplier);
  const Limits limits(layer.requantization);
  Columns columns = {.stride = channels,
                     .zero = twice(static_cast<std::uint32_t>(-layer.zero_point) & 0xFFFFU),
                     .offset = static_cast<std::int32_t>(scale.offset),
                     .add = limits.add};
  for (std::int32_t column = 0; column < layer.width;) {
    // The columns that meet the same column of the second operand.
    const std::int32_t by_column = (column + layer.offset) / layer.factor;
    std::int32_t end = (by_column + 1) * layer.factor - layer.offset;
    if (end > layer.width) end = layer.width;
    const std::size_t at = static_cast<std::size_t>(end) * channels;
    const std::uint8_t* factor = by + static_cast<std::size_t>(by_column) * channels;
    for (std::size_t c = 0; c < channels; c += 4) {
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) {
        columns.factors[i] = (factor[c + i] - layer.by_zero_point) * multiplier;
      }
      columns.x_end = x + at + c;
      columns.out_end = out + at + c;
      columns.left = (column - end) * layer.channels;
      multiply_columns(&columns);
    }
    column = end;
  }
  const std::size_t count = static_cast<std::size_t>(layer.width) * channels;
  if (limits.subtract != 0) {
    for (std::size_t i = 0; i < count; i += 4) {
      store_word(out + i, load_word(out + i) - limits.subtract);
    }
  }
  apply_table(layer.requantization, out, count);
}

void add(const Add& layer, const std::uint8_t* x, const std::uint8_t* y, std::size_t count,
         std::uint8_t* out) {
  const Addition addition(layer);
  const std::size_t whole = addition.is_within_words ? count / 4 * 4 : 0;
  if (whole != 0) add_words(addition, x, y, whole, out);
  apply_table(layer.requantization, out, whole);
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

void apply_table(const core::Requantization& rule, std::uint8_t* codes, std::size_t count) {
  if (rule.table != nullptr) lookup(rule.table, codes, count, codes);
}

}  // namespace coco_mcu::kernels::cortex_m
