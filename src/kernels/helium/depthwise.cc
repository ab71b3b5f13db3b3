// Depthwise convolutions, eight channels at a time: their weights are unpacked once for a row.
// Where windows lie inside, some output columns share what is loaded; the others' taps are taken
// one by one.
#include "kernels/helium/helium.h"
#include "kernels/helium/requantize.h"
#include "kernels/reference/reference.h"
#include "kernels/uses.h"

namespace coco_mcu::kernels::helium {
namespace {

constexpr std::size_t kGroup = 8;  // channels
constexpr int kMostKernel = 5;

/// A group's weights, and what the input's zero point adds to sums of codes in 16 bits.
struct Taps {
  std::int16_t weights[kMostKernel * kMostKernel][kGroup];
  int16x8_t starts;
};

/// Channels first .. first + 7.
void unpack(const Convolution& layer, std::size_t first, Taps& taps) {
  const int bits = core::weight_bits(layer.format);
  const int step = core::weight_step(layer.format);  // two is a shift by one
  const int16x8_t mask = vdupq_n_s16(static_cast<std::int16_t>(((1 << bits) - 1) * step));
  const auto origin = static_cast<std::int16_t>(core::weight_origin(layer.format));
  const auto window = static_cast<std::size_t>(layer.kernel * layer.kernel);
  const std::size_t row_bytes = core::packed_row_bytes(layer.format, window);
  const std::uint8_t* packed = layer.weights + first * row_bytes;
  const uint16x8_t rows = vmulq_n_u16(vidupq_n_u16(0, 1), static_cast<std::uint16_t>(row_bytes));
  int16x8_t sums = vdupq_n_s16(0);
  std::int16_t* next = taps.weights[0];
  for (std::int16_t* const end = next + window * kGroup; next != end; ++packed) {
    int16x8_t codes = vreinterpretq_s16_u16(vldrbq_gather_offset_u16(packed, rows));
    codes = vshlq_r_s16(codes, step - 1);
    for (int bit = 0; bit < 8 && next != end; bit += bits, next += kGroup) {
      const int16x8_t weights = vaddq_n_s16(vandq_s16(codes, mask), origin);
      codes = vshlq_r_s16(codes, -bits);
      sums = vaddq_s16(sums, weights);
      vst1q_s16(next, weights);
    }
  }
  taps.starts = vmulq_n_s16(sums, static_cast<std::int16_t>(-layer.zero_point));
}

// The compiler would load the codes and weights of all taps first, for which there are not enough
// registers; what is volatile stays where it stands.

/// Eight codes, in 16 bits each; then x is `step` bytes further.
[[gnu::always_inline]] inline int16x8_t next_codes(const std::uint8_t*& x, std::size_t step) {
  using Codes = std::uint8_t[kGroup];
  int16x8_t codes;
  asm volatile("vldrb.u16 %q[codes], [%[x]]\nadd %[x], %[step]"
               : [codes] "=w"(codes), [x] "+l"(x)
               : [step] "r"(step), "m"(*reinterpret_cast<const Codes*>(x)));
  return codes;
}

/// Eight channels' weights of the next tap.
[[gnu::always_inline]] inline int16x8_t next_taps(const std::int16_t*& weights) {
  using Weights = std::int16_t[kGroup];
  int16x8_t taps;
  asm volatile("vldrh.u16 %q[taps], [%[weights]], #16"
               : [taps] "=w"(taps), [weights] "+r"(weights)
               : "m"(*reinterpret_cast<const Weights*>(weights)));
  return taps;
}

/// Eight channels' sums in 16 bits each; products with their multipliers stay within 32.
struct NarrowSums {
  /// The rule as (sum * multiplier + offset) >> right. Offsets beyond 32 bits are cut: a code that
  /// needs them lies beyond 0..255 all the same as long as the largest product, 2^30, is 256 codes.
  struct Rule {
    Rule(const core::Requantization& rule, std::size_t first)
        : multipliers(rule.is_uniform ? vdupq_n_s16(rule.multipliers[0])
                                      : vldrhq_s16(rule.multipliers + first)),
          right(-right_shift(rule)) {
      const int16x8_t offsets =
          rule.is_uniform ? vdupq_n_s16(rule.offsets[0]) : vldrhq_s16(rule.offsets + first);
      even_offsets = vqshlq_r_s32(vmovlbq_s16(offsets), left_shift(rule));
      odd_offsets = vqshlq_r_s32(vmovltq_s16(offsets), left_shift(rule));
    }

    static int right_shift(const core::LayerRequantization& rule) {
      return 16 + rule.shift - rule.left_shift;
    }
    static int left_shift(const core::LayerRequantization& rule) {
      return 16 + rule.offset_shift - rule.left_shift;
    }

    int16x8_t multipliers;
    int32x4_t even_offsets;
    int32x4_t odd_offsets;
    int right;
  };

  /// Whether sums fit, with and without what the zero point adds, and the rule does.
  static bool can_take(const Convolution& layer) {
    const core::LayerRequantization& rule = layer.requantization;
    const int farthest = layer.zero_point < 0 ? 255 - layer.zero_point : 255;
    return layer.kernel * layer.kernel * core::weight_magnitude(layer.format) * farthest < 32768 &&
           Rule::left_shift(rule) >= 0 && Rule::right_shift(rule) <= 22;
  }

  [[gnu::always_inline]] void add(int16x8_t x, int16x8_t w) {
    int16x8_t products;
    asm volatile("vmul.i16 %q[p], %q[x], %q[w]\nvadd.i16 %q[sums], %q[sums], %q[p]"
                 : [sums] "+w"(sums), [p] "=&w"(products)
                 : [x] "w"(x), [w] "w"(w));
  }
  uint16x8_t codes(const Rule& rule) const {
    const int32x4_t even = vqaddq_s32(vmullbq_int_s16(sums, rule.multipliers), rule.even_offsets);
    const int32x4_t odd = vqaddq_s32(vmulltq_int_s16(sums, rule.multipliers), rule.odd_offsets);
    return cut_eight(vshlq_r_s32(even, rule.right), vshlq_r_s32(odd, rule.right));
  }

  static NarrowSums zero() { return {vdupq_n_s16(0)}; }

  int16x8_t sums;
};

/// In 32 bits.
struct WideSums {
  struct Rule {
    Rule(const core::Requantization& rule, std::size_t first)
        : shifts(rule), channels(rule, shifts, first) {}

    Shifts shifts;
    EightChannels channels;
  };

  void add(int16x8_t x, int16x8_t w) {
    even = vaddq_s32(even, vmullbq_int_s16(x, w));
    odd = vaddq_s32(odd, vmulltq_int_s16(x, w));
  }
  uint16x8_t codes(const Rule& rule) const {
    return cut_eight(requantized(even, rule.channels.even, rule.shifts),
                     requantized(odd, rule.channels.odd, rule.shifts));
  }

  static WideSums zero() { return {vdupq_n_s32(0), vdupq_n_s32(0)}; }

  int32x4_t even;
  int32x4_t odd;
};

/// A group of channels of one output row.
template <class Sums>
struct Group {
  Group(const Convolution& of, std::size_t from)
      : layer(of),
        first(from),
        rule(of.requantization, from),
        step(static_cast<std::size_t>(of.in_channels)) {
    unpack(of, from, taps);
  }

  const Convolution& layer;
  std::size_t first;
  typename Sums::Rule rule;
  std::size_t step;  // from column to column, of the input and of the output
  Taps taps;
};

/// One output column, by those of its taps that lie inside.
template <class Sums>
[[gnu::noinline]] void make_column(const Group<Sums>& group, WindowRows rows, std::int32_t column,
                                   std::uint8_t* out) {
  const Convolution& layer = group.layer;
  const std::int32_t left = column * layer.stride - layer.padding;
  const std::int32_t from = left < 0 ? -left : 0;
  const std::int32_t end =
      left + layer.kernel > layer.in_width ? layer.in_width - left : layer.kernel;
  const auto zero_point = static_cast<std::int16_t>(layer.zero_point);
  Sums sums = Sums::zero();
  for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
    if (rows[ky] == nullptr) continue;
    const std::uint8_t* x =
        rows[ky] + static_cast<std::size_t>(left + from) * group.step + group.first;
    const std::int16_t* weights = group.taps.weights[ky * layer.kernel + from];
    for (std::int32_t kx = from; kx < end; ++kx, x += group.step, weights += kGroup) {
      const int16x8_t codes = vreinterpretq_s16_u16(vldrbq_u16(x));
      sums.add(vsubq_n_s16(codes, zero_point), vld1q_s16(weights));
    }
  }
  vstrbq_u16(out + static_cast<std::size_t>(column) * group.step + group.first,
             sums.codes(group.rule));
}

/// Rows of codes under a window: where its left column lies and how far columns are apart. A row of
/// padding is eight codes again and again.
template <int kKernel>
struct Window {
  const std::uint8_t* rows[kKernel];
  std::size_t steps[kKernel];
};

/// `kColumns` neighbouring output columns; the window is the first one's.
template <int kKernel, int kStride, int kColumns>
[[gnu::always_inline]] inline void make_columns(const Group<NarrowSums>& group,
                                                const Window<kKernel>& window, std::uint8_t* out) {
  constexpr int kInputColumns = (kColumns - 1) * kStride + kKernel;
  constexpr int kHeld = (kColumns - 1) * kStride + 1;  // weights that a column of codes meets
  NarrowSums sums[kColumns];
#pragma GCC unroll 4
  for (int made = 0; made < kColumns; ++made) sums[made].sums = group.taps.starts;
  const std::int16_t* next_weights = group.taps.weights[0];
#pragma GCC unroll 5
  for (int ky = 0; ky < kKernel; ++ky) {
    const std::uint8_t* x = window.rows[ky];
    int16x8_t weights[kHeld];
#pragma GCC unroll 10
    for (int column = 0; column < kInputColumns; ++column) {
      if (column < kKernel) weights[column % kHeld] = next_taps(next_weights);
      const int16x8_t codes = next_codes(x, window.steps[ky]);
#pragma GCC unroll 4
      for (int made = 0; made < kColumns; ++made) {
        const int kx = column - made * kStride;
        if (kx >= 0 && kx < kKernel) sums[made].add(codes, weights[kx % kHeld]);
      }
    }
  }
  const NarrowSums::Rule rule = group.rule;
#pragma GCC unroll 4
  for (int made = 0; made < kColumns; ++made, out += group.step) {
    vstrbq_u16(out, sums[made].codes(rule));
  }
}

/// Output columns begin .. end - 1, at least `kColumns`, whose windows lie between the left and the
/// right end of rows.
template <int kKernel, int kStride, int kColumns>
void make_inside(const Group<NarrowSums>& group, WindowRows rows, std::int32_t begin,
                 std::int32_t end, std::uint8_t* out) {
  const std::size_t left =
      static_cast<std::size_t>(begin * kStride - group.layer.padding) * group.step + group.first;
  std::uint8_t padding[kGroup];
  vstrbq_u16(padding, vdupq_n_u16(static_cast<std::uint16_t>(group.layer.zero_point)));
  Window<kKernel> window;
  for (int ky = 0; ky < kKernel; ++ky) {
    window.rows[ky] = rows[ky] == nullptr ? padding : rows[ky] + left;
    window.steps[ky] = rows[ky] == nullptr ? 0 : group.step;
  }
  const auto move = [&](std::ptrdiff_t columns) {
    out += columns * static_cast<std::ptrdiff_t>(group.step);
#pragma GCC unroll 5
    for (int ky = 0; ky < kKernel; ++ky) {
      window.rows[ky] += columns * kStride * static_cast<std::ptrdiff_t>(window.steps[ky]);
    }
  };
  out += static_cast<std::size_t>(begin) * group.step + group.first;
  for (std::int32_t rest = end - begin; rest > 0; rest -= kColumns, move(kColumns)) {
    // The last ones may have some of those before among them.
    if (rest < kColumns) move(rest - kColumns);
    make_columns<kKernel, kStride, kColumns>(group, window, out);
  }
}

/// The output columns whose windows lie between the left and the right end of rows.
struct Inside {
  explicit Inside(const Convolution& layer)
      : begin((layer.padding + layer.stride - 1) / layer.stride),
        end((layer.in_width - layer.kernel + layer.padding) / layer.stride + 1) {
    if (end > layer.out_width) end = layer.out_width;
  }

  std::int32_t begin;
  std::int32_t end;
};

/// Channels first, first + 8 and so on; the last eight may have some of those before among them.
template <class MakeGroup>
void for_groups(const Convolution& layer, std::uint8_t* out, MakeGroup make_group) {
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  for (std::size_t channel = 0; channel < channels; channel += kGroup) {
    make_group(channel + kGroup > channels ? channels - kGroup : channel);
  }
  finish_codes(layer.requantization, out, static_cast<std::size_t>(layer.out_width) * channels);
}

template <int kKernel, int kStride, int kColumns>
void row_narrow(const Convolution& layer, WindowRows rows, std::uint8_t* out) {
  Inside inside(layer);
  if (inside.end - inside.begin < kColumns) inside.begin = inside.end = 0;
  for_groups(layer, out, [&](std::size_t first) {
    const Group<NarrowSums> group(layer, first);
    if (inside.begin != inside.end) {
      make_inside<kKernel, kStride, kColumns>(group, rows, inside.begin, inside.end, out);
    }
    for (std::int32_t column = 0; column < inside.begin; ++column) {
      make_column(group, rows, column, out);
    }
    for (std::int32_t column = inside.end; column < layer.out_width; ++column) {
      make_column(group, rows, column, out);
    }
  });
}

void row_wide(const Convolution& layer, WindowRows rows, std::uint8_t* out) {
  for_groups(layer, out, [&](std::size_t first) {
    const Group<WideSums> group(layer, first);
    for (std::int32_t column = 0; column < layer.out_width; ++column) {
      make_column(group, rows, column, out);
    }
  });
}

constexpr bool has_none(const Convolution& layer) {
  return (layer.kernel != 3 && layer.kernel != 5) ||
         layer.out_channels < static_cast<std::int32_t>(kGroup) ||
         layer.requantization.twice != nullptr;
}

using Row = void (*)(const Convolution&, WindowRows, std::uint8_t*);

/// Null where no model has such windows.
template <int kKernel, int kStride, int kColumns>
consteval Row used_row() {
  return uses_depthwise([](const Convolution& layer) {
    return layer.kernel == kKernel && layer.stride == kStride;
  })
             ? row_narrow<kKernel, kStride, kColumns>
             : nullptr;
}

/// By the stride, for windows of 3x3 and 5x5.
constexpr Row kNarrowRows[2][2] = {{used_row<3, 1, 3>(), used_row<3, 2, 2>()},
                                   {used_row<5, 1, 3>(), used_row<5, 2, 2>()}};

void row(const Convolution& layer, std::uint8_t* /*scratch*/, WindowRows rows, std::uint8_t* out) {
  const Row narrow = layer.stride > 2 || !NarrowSums::can_take(layer)
                         ? nullptr
                         : kNarrowRows[layer.kernel == 5 ? 1 : 0][layer.stride - 1];
  (narrow == nullptr ? row_wide : narrow)(layer, rows, out);
}

constexpr ConvolutionKernel kKernels[3][2] = {
    {{"depthwise_3x3_2w8a_helium", no_scratch, no_preparation, row},
     {"depthwise_5x5_2w8a_helium", no_scratch, no_preparation, row}},
    {{"depthwise_3x3_4w8a_helium", no_scratch, no_preparation, row},
     {"depthwise_5x5_4w8a_helium", no_scratch, no_preparation, row}},
    {{"depthwise_3x3_8w8a_helium", no_scratch, no_preparation, row},
     {"depthwise_5x5_8w8a_helium", no_scratch, no_preparation, row}}};

}  // namespace

const ConvolutionKernel& depthwise(const Convolution& layer) {
  if (uses_depthwise(has_none) && has_none(layer)) return reference::kDepthwise;
  return kKernels[core::weight_bits(layer.format) / 4][layer.kernel == 5 ? 1 : 0];
}

}  // namespace coco_mcu::kernels::helium
