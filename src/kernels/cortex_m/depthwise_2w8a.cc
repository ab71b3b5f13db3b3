// Depthwise convolutions with weights of 2 bits, four channels at a time: what their windows read
// is laid out column by column, padding included; depthwise_lanes.cc makes the codes.
#include "kernels/cortex_m/depthwise_2w8a.h"

#include <algorithm>

#include "kernels/cortex_m/cortex_m.h"
#include "kernels/cortex_m/depthwise_lanes.h"
#include "kernels/cortex_m/strip.h"
#include "kernels/cortex_m/top_half.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

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
  const std::int32_t at_once = Strip::most_columns(layer);
  for (std::int32_t column = 0; column < layer.out_width; column += at_once) {
    const std::int32_t count = std::min(at_once, layer.out_width - column);
    Strip strip(layer, rows, column, count);
    for (std::size_t channel = 0; channel < channels; channel += 4) {
      // The last four may have some of those before among them.
      const std::size_t first = channel + 4 > channels ? channels - 4 : channel;
      const Group group(layer, top_half, first);
      strip.load(first);
      make_codes(group, strip.words, count,
                 out + static_cast<std::size_t>(column) * channels + first);
    }
  }
  apply_table(layer.requantization, out, static_cast<std::size_t>(layer.out_width) * channels);
}

}  // namespace coco_mcu::kernels::cortex_m
