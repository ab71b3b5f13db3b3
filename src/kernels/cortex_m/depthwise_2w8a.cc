// Depthwise convolutions with weights of 2 bits, four channels at a time: what their windows read
// is laid out column by column, padding included; depthwise_lanes.cc makes the codes.
#include "kernels/cortex_m/depthwise_2w8a.h"

#include <algorithm>

#include "kernels/cortex_m/cortex_m.h"
#include "kernels/cortex_m/depthwise_lanes.h"
#include "kernels/cortex_m/top_half.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr int kMostKernel = 5;
constexpr std::int32_t kStripWords = 330;  // 110 columns of three rows
constexpr std::size_t kStarts = 4;

/// Weights are whole halves of a step with four levels; ternary ones count twice to be likewise.
int doubled(core::WeightFormat format) {
  return 2 - core::weight_step(format);
}

/// Weights of 2 bits of channels `lower` and `upper` at some rows of one column of a window, whose
/// codes are kSpacing bits apart from the lowest bits on: as sum_windows reads them, every other
/// word from `to` on. Adds them to both sums, which share a word.
template <int kSpacing, int kCount>
inline std::int32_t expand_column(std::uint32_t lower, std::uint32_t upper, std::uint32_t origin,
                                  std::uint32_t* to, std::int32_t sum) {
  constexpr std::uint32_t kCodes = 3U | 3U << kSpacing | (kCount > 2 ? 3U << 2 * kSpacing : 0U);
  constexpr std::uint32_t kLanes = 0xC0000006U;  // twice a code, as it is and 13 bits to the left
  upper &= kCodes;
  const std::uint32_t codes = (lower & kCodes) | upper >> 3U | upper << 29U;
#pragma GCC unroll 3
  for (int i = 0; i < kCount; ++i) {
    const int right = (kSpacing * i + 31) % 32;
    const std::uint32_t both = (codes >> right | codes << (32 - right)) & kLanes;
    to[2 * i] = subtract_halves(both, origin);
    sum = multiply_add_halves(to[2 * i], twice(1), sum);
  }
  return sum;
}

/// Weights of channels `lower` and `upper`, packed rows, and their two starts.
template <int kKernel>
void expand_pair(const Convolution& layer, const std::uint8_t* lower, const std::uint8_t* upper,
                 std::uint32_t* to, std::uint32_t* starts) {
  const std::uint32_t half = layer.format == core::WeightFormat::kTernary2 ? 2 : 3;
  const std::uint32_t origin = half | half << (16 + kLaneBits);
  std::int32_t sum = 0;
  if constexpr (kKernel == 3) {  // 18 bits
    const auto load = [](const std::uint8_t* row) {
      return row[0] | std::uint32_t{row[1]} << 8U | std::uint32_t{row[2]} << 16U;
    };
    const std::uint32_t a = load(lower);
    const std::uint32_t b = load(upper);
#pragma GCC unroll 3
    for (int kx = 0; kx < 3; ++kx) {
      sum = expand_column<6, 3>(a >> 2 * kx, b >> 2 * kx, origin, to + 6 * kx, sum);
    }
  } else {  // 50 bits: three rows, then two
    const std::uint32_t a = load_word(lower);
    const std::uint32_t b = load_word(upper);
    const std::uint32_t further_a = a >> 30U | load_word(lower + 3) >> 8U << 2U;
    const std::uint32_t further_b = b >> 30U | load_word(upper + 3) >> 8U << 2U;
#pragma GCC unroll 5
    for (int kx = 0; kx < 5; ++kx, to += 10) {
      sum = expand_column<10, 3>(a >> 2 * kx, b >> 2 * kx, origin, to, sum);
      sum = expand_column<10, 2>(further_a >> 2 * kx, further_b >> 2 * kx, origin, to + 6, sum);
    }
  }
  // A sum of codes less 128 lacks this much of one of codes less the zero point.
  const std::int32_t lower_sum =
      static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) << 19U) >> 19;
  const std::int32_t upper_sum = (sum - lower_sum) >> kLaneBits;
  const std::int32_t unit = (kCenter - layer.zero_point) * (1 << window_shift(kKernel));
  starts[0] = static_cast<std::uint32_t>(lower_sum * unit);
  starts[1] = static_cast<std::uint32_t>(upper_sum * unit);
}

/// Four channels of a layer.
struct Group {
  Group(const Convolution& of, const TopHalf& top_half, std::size_t first_channel)
      : layer(of), first(first_channel) {
    const auto window = static_cast<std::size_t>(layer.kernel * layer.kernel);
    const std::size_t row_bytes = core::packed_row_bytes(layer.format, window);
    const std::uint8_t* row = layer.weights + first * row_bytes;
    std::uint32_t* starts = weights + 2 * window;
    const auto expand = layer.kernel == 3 ? expand_pair<3> : expand_pair<5>;
    expand(layer, row, row + 2 * row_bytes, weights, starts);
    expand(layer, row + row_bytes, row + 3 * row_bytes, weights + 1, starts + 2);
    makes_codes = top_half.find_four(first, starts + kStarts);
  }

  const Convolution& layer;
  std::size_t first;
  bool makes_codes;
  std::uint32_t weights[2 * kMostKernel * kMostKernel + kStarts + kNumbers];
};

/// Words of some rows at columns `stride` bytes apart, side by side in `kKernel` words for each
/// column. The rows end at `rows`; `left` is the bytes before that, negative.
template <int kKernel>
void copy_three_rows(const std::uint8_t* const (&rows)[3], std::int32_t left, std::size_t stride,
                     std::uint32_t* to) {
  std::uint32_t word[3];
  asm volatile(
      "0:\n"
      "ldr %[u], [%[x], %[left]]\n"
      "ldr %[v], [%[y], %[left]]\n"
      "ldr %[w], [%[z], %[left]]\n"
      "adds %[left], %[left], %[stride]\n"
      "strd %[u], %[v], [%[to]], %[column]\n"
      "str %[w], [%[to], %[third]]\n"
      "bne 0b\n"
      : [left] "+r"(left), [to] "+r"(to), [u] "=&r"(word[0]), [v] "=&r"(word[1]), [w] "=&r"(word[2])
      : [x] "r"(rows[0]), [y] "r"(rows[1]), [z] "r"(rows[2]), [stride] "r"(stride),
        [column] "i"(4 * kKernel), [third] "i"(8 - 4 * kKernel)
      : "cc", "memory");
}
template <int kKernel>
void copy_two_rows(const std::uint8_t* const (&rows)[2], std::int32_t left, std::size_t stride,
                   std::uint32_t* to) {
  std::uint32_t word[2];
  asm volatile(
      "0:\n"
      "ldr %[u], [%[x], %[left]]\n"
      "ldr %[v], [%[y], %[left]]\n"
      "adds %[left], %[left], %[stride]\n"
      "strd %[u], %[v], [%[to]], %[column]\n"
      "bne 0b\n"
      : [left] "+r"(left), [to] "+r"(to), [u] "=&r"(word[0]), [v] "=&r"(word[1])
      : [x] "r"(rows[0]), [y] "r"(rows[1]), [stride] "r"(stride), [column] "i"(4 * kKernel)
      : "cc", "memory");
}

/// Four channels of a layer's input under some windows.
class Strip {
 public:
  /// Output columns from `column` on, `count` of them.
  Strip(const Convolution& layer, WindowRows rows, std::size_t channel, std::int32_t column,
        std::int32_t count) {
    const std::int32_t left = column * layer.stride - layer.padding;
    const std::int32_t columns = (count - 1) * layer.stride + layer.kernel;
    const std::int32_t from = std::clamp<std::int32_t>(-left, 0, columns);
    const std::int32_t to = std::clamp<std::int32_t>(layer.in_width - left, from, columns);
    const std::uint32_t padding = static_cast<std::uint32_t>(layer.zero_point) * 0x01010101U;
    const std::uint8_t* some_row = nullptr;
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      if (rows[ky] != nullptr) some_row = rows[ky];
    }
    std::fill(words, words + from * layer.kernel, padding);
    std::fill(words + to * layer.kernel, words + columns * layer.kernel, padding);
    if (from == to) return;
    const std::size_t end = static_cast<std::size_t>((left + to) * layer.in_channels) + channel;
    const std::uint8_t* ends[kMostKernel];
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      // A row of padding is written over after another one has been copied.
      ends[ky] = (rows[ky] != nullptr ? rows[ky] : some_row) + end;
    }
    const std::int32_t bytes = (from - to) * layer.in_channels;
    const auto stride = static_cast<std::size_t>(layer.in_channels);
    std::uint32_t* const first = words + from * layer.kernel;
    if (layer.kernel == 3) {
      copy_three_rows<3>({ends[0], ends[1], ends[2]}, bytes, stride, first);
    } else {
      copy_three_rows<5>({ends[0], ends[1], ends[2]}, bytes, stride, first);
      copy_two_rows<5>({ends[3], ends[4]}, bytes, stride, first + 3);
    }
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      if (rows[ky] != nullptr) continue;
      for (std::int32_t i = from; i < to; ++i) words[i * layer.kernel + ky] = padding;
    }
  }

  std::uint32_t words[kStripWords];
};

/// Codes whose numbers SMMLA cannot hold.
void make_codes_plainly(const Group& group, const std::uint32_t* codes, std::int32_t count,
                        std::uint8_t* out) {
  const Convolution& layer = group.layer;
  const std::int32_t window = layer.kernel * layer.kernel;
  for (; count != 0; --count, codes += layer.kernel * layer.stride, out += layer.out_channels) {
    for (std::size_t i = 0; i < 4; ++i) {
      std::int32_t sum = 0;
      for (std::int32_t tap = 0; tap < window; ++tap) {
        const auto word =
            static_cast<std::int32_t>(group.weights[2 * tap + static_cast<std::int32_t>(i % 2)]);
        const std::int32_t weight =
            i < 2 ? static_cast<std::int16_t>(word & 0xFFFF) : word >> (16 + kLaneBits);
        sum += weight * (static_cast<std::int32_t>(codes[tap] >> 8 * i & 0xFFU) - layer.zero_point);
      }
      out[i] =
          code_before_table(layer.requantization, sum >> doubled(layer.format), group.first + i);
    }
  }
}

void make_codes(const Group& group, const std::uint32_t* codes, std::int32_t count,
                std::uint8_t* out) {
  const Convolution& layer = group.layer;
  if (!group.makes_codes) {
    make_codes_plainly(group, codes, count, out);
    return;
  }
  const WindowStrip strip = {
      .codes = codes,
      .codes_end = codes + count * layer.stride * layer.kernel,
      .out = out,
      .out_stride = static_cast<std::size_t>(layer.out_channels),
      .weights = group.weights,
      .back = static_cast<std::size_t>((layer.kernel - layer.stride) * layer.kernel) *
              sizeof(std::uint32_t)};
  sum_windows(layer.kernel, &strip);
}

}  // namespace

void depthwise_row_2w8a(const Convolution& layer, std::uint8_t* /*scratch*/, WindowRows rows,
                        std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  const TopHalf top_half(layer.requantization,
                         layer.kernel * layer.kernel * farthest_code(layer.zero_point) *
                             core::weight_magnitude(layer.format),
                         window_shift(layer.kernel) + doubled(layer.format));
  const std::int32_t at_once = (kStripWords / layer.kernel - layer.kernel) / layer.stride + 1;
  for (std::size_t channel = 0; channel < channels; channel += 4) {
    // The last four may have some of those before among them.
    const std::size_t first = channel + 4 > channels ? channels - 4 : channel;
    const Group group(layer, top_half, first);
    for (std::int32_t column = 0; column < layer.out_width; column += at_once) {
      const std::int32_t count = std::min(at_once, layer.out_width - column);
      const Strip strip(layer, rows, first, column, count);
      make_codes(group, strip.words, count,
                 out + static_cast<std::size_t>(column) * channels + first);
    }
  }
  apply_table(layer.requantization, out, static_cast<std::size_t>(layer.out_width) * channels);
}

}  // namespace coco_mcu::kernels::cortex_m
