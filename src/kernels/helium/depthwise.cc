// Depthwise convolutions, eight channels at a time: their weights are unpacked once for a row.
// Where windows lie inside, some output columns share what is loaded; other windows are copied.
#include "kernels/helium/helium.h"
#include "kernels/helium/requantize.h"
#include "kernels/reference/reference.h"

namespace coco_mcu::kernels::helium {
namespace {

constexpr std::size_t kGroup = 8;  // channels
constexpr int kMostKernel = 5;

/// A group's weights, and what the input's zero point adds to each sum.
struct Taps {
  std::int16_t weights[kMostKernel * kMostKernel][kGroup];
  int16x8_t starts;
  int32x4_t even_starts;
  int32x4_t odd_starts;
};

/// Channels first .. first + 7.
Taps unpack(const Convolution& layer, std::size_t first) {
  const int bits = core::weight_bits(layer.format);
  const auto mask = static_cast<std::uint16_t>((1 << bits) - 1);
  const auto step = static_cast<std::int16_t>(core::weight_step(layer.format));
  const auto origin = static_cast<std::int16_t>(core::weight_origin(layer.format));
  const int window = layer.kernel * layer.kernel;
  const std::size_t row_bytes =
      core::packed_row_bytes(layer.format, static_cast<std::size_t>(window));
  const std::uint8_t* packed = layer.weights + first * row_bytes;
  const uint16x8_t rows = vmulq_n_u16(vidupq_n_u16(0, 1), static_cast<std::uint16_t>(row_bytes));
  Taps taps;
  int16x8_t sums = vdupq_n_s16(0);
  for (int tap = 0; tap < window; ++packed) {
    uint16x8_t codes = vldrbq_gather_offset_u16(packed, rows);
    for (int bit = 0; bit < 8 && tap < window; bit += bits, ++tap) {
      const auto code = vreinterpretq_s16_u16(vandq_u16(codes, vdupq_n_u16(mask)));
      const int16x8_t weights = vaddq_n_s16(vmulq_n_s16(code, step), origin);
      sums = vaddq_s16(sums, weights);
      vst1q_s16(taps.weights[tap], weights);
      codes = vshlq_r_u16(codes, -bits);
    }
  }
  taps.starts = vmulq_n_s16(sums, static_cast<std::int16_t>(-layer.zero_point));
  taps.even_starts = vmulq_n_s32(vmovlbq_s16(sums), -layer.zero_point);
  taps.odd_starts = vmulq_n_s32(vmovltq_s16(sums), -layer.zero_point);
  return taps;
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

/// Eight channels' sums, in 32 bits each.
struct WideSums {
  void begin(const Taps& taps) {
    even = taps.even_starts;
    odd = taps.odd_starts;
  }
  [[gnu::always_inline]] void add(int16x8_t x, int16x8_t w) {
    int32x4_t products;
    asm volatile(
        "vmullb.s16 %q[p], %q[x], %q[w]\n"
        "vadd.i32 %q[even], %q[even], %q[p]\n"
        "vmullt.s16 %q[p], %q[x], %q[w]\n"
        "vadd.i32 %q[odd], %q[odd], %q[p]"
        : [even] "+w"(even), [odd] "+w"(odd), [p] "=&w"(products)
        : [x] "w"(x), [w] "w"(w));
  }
  int32x4_t even_sums() const { return even; }
  int32x4_t odd_sums() const { return odd; }

  int32x4_t even;
  int32x4_t odd;
};

/// In 16 bits.
struct NarrowSums {
  void begin(const Taps& taps) { sums = taps.starts; }
  [[gnu::always_inline]] void add(int16x8_t x, int16x8_t w) {
    int16x8_t products;
    asm volatile(
        "vmul.i16 %q[p], %q[x], %q[w]\n"
        "vadd.i16 %q[sums], %q[sums], %q[p]"
        : [sums] "+w"(sums), [p] "=&w"(products)
        : [x] "w"(x), [w] "w"(w));
  }
  int32x4_t even_sums() const { return vmovlbq_s16(sums); }
  int32x4_t odd_sums() const { return vmovltq_s16(sums); }

  int16x8_t sums;
};

/// Whether sums fit into 16 bits, with and without what the zero point adds.
bool has_narrow_sums(const Convolution& layer) {
  const int farthest = layer.zero_point < 0 ? 255 - layer.zero_point : 255;
  return layer.kernel * layer.kernel * core::weight_magnitude(layer.format) * farthest < 32768;
}

/// A group of channels of one output row.
struct Group {
  Group(const Convolution& of, std::size_t from)
      : layer(of),
        first(from),
        shifts(of.requantization),
        channels(of.requantization, shifts, from),
        taps(unpack(of, from)),
        step(static_cast<std::size_t>(of.in_channels)) {}

  const Convolution& layer;
  std::size_t first;
  Shifts shifts;
  EightChannels channels;
  Taps taps;
  std::size_t step;  // from column to column, of the input and of the output
};

/// Rows of codes: of each the place that the window's left column has.
template <int kKernel>
struct Window {
  const std::uint8_t* rows[kKernel];
};

/// `kColumns` neighbouring output columns; those of the window's rows lie `step` bytes apart.
template <class Sums, int kKernel, int kStride, int kColumns>
void make_columns(const Group& group, const Window<kKernel>& window, std::size_t step,
                  std::uint8_t* out) {
  Sums sums[kColumns];
  for (Sums& of_column : sums) of_column.begin(group.taps);
  constexpr int kInputColumns = (kColumns - 1) * kStride + kKernel;
  constexpr int kHeld = (kColumns - 1) * kStride + 1;  // weights that a column of codes meets
  const std::int16_t* next_weights = group.taps.weights[0];
#pragma GCC unroll 5
  for (int ky = 0; ky < kKernel; ++ky) {
    const std::uint8_t* x = window.rows[ky];
    int16x8_t weights[kHeld];
#pragma GCC unroll 10
    for (int column = 0; column < kInputColumns; ++column) {
      if (column < kKernel) weights[column % kHeld] = next_taps(next_weights);
      const int16x8_t codes = next_codes(x, step);
#pragma GCC unroll 4
      for (int made = 0; made < kColumns; ++made) {
        const int kx = column - made * kStride;
        if (kx >= 0 && kx < kKernel) sums[made].add(codes, weights[kx % kHeld]);
      }
    }
  }
#pragma GCC unroll 4
  for (int made = 0; made < kColumns; ++made, out += group.step) {
    vstrbq_u16(
        out, cut_eight(requantized<true>(sums[made].even_sums(), group.channels.even, group.shifts),
                       requantized<true>(sums[made].odd_sums(), group.channels.odd, group.shifts)));
  }
}

/// An output column whose window reaches into the padding.
template <class Sums, int kKernel>
[[gnu::noinline]] void make_edge(const Group& group, WindowRows rows, std::int32_t left,
                                 std::uint8_t* out) {
  const Convolution& layer = group.layer;
  std::uint8_t codes[kKernel * kKernel][kGroup];
  Window<kKernel> window;
  for (int ky = 0; ky < kKernel; ++ky) {
    window.rows[ky] = codes[ky * kKernel];
    for (int kx = 0; kx < kKernel; ++kx) {
      const std::int32_t column = left + kx;
      const bool is_padding = rows[ky] == nullptr || column < 0 || column >= layer.in_width;
      const uint16x8_t pixel =
          is_padding
              ? vdupq_n_u16(static_cast<std::uint16_t>(layer.zero_point))
              : vldrbq_u16(rows[ky] + group.first + static_cast<std::size_t>(column) * group.step);
      vstrbq_u16(codes[ky * kKernel + kx], pixel);
    }
  }
  make_columns<Sums, kKernel, 1, 1>(group, window, kGroup, out);
}

/// The output columns whose windows lie inside.
struct Inside {
  Inside(const Convolution& layer, WindowRows rows)
      : begin((layer.padding + layer.stride - 1) / layer.stride),
        end((layer.in_width - layer.kernel + layer.padding) / layer.stride + 1) {
    if (end > layer.out_width) end = layer.out_width;
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      if (rows[ky] == nullptr) end = 0;
    }
    if (end < begin) begin = end = 0;
  }

  std::int32_t begin;
  std::int32_t end;
};

template <class Sums, int kKernel, int kStride, int kColumns>
void make_inside(const Group& group, const Inside& inside, WindowRows rows, std::uint8_t* out) {
  const Convolution& layer = group.layer;
  for (std::int32_t next = inside.begin; next < inside.end; next += kColumns) {
    // The last ones may have some of those before among them.
    const std::int32_t column = next + kColumns > inside.end ? inside.end - kColumns : next;
    const std::size_t left =
        static_cast<std::size_t>(column * layer.stride - layer.padding) * group.step + group.first;
    Window<kKernel> window;
    for (int ky = 0; ky < kKernel; ++ky) window.rows[ky] = rows[ky] + left;
    make_columns<Sums, kKernel, kStride, kColumns>(
        group, window, group.step, out + static_cast<std::size_t>(column) * group.step);
  }
}

template <class Sums, int kKernel, int kStride, int kColumns>
void make_group(const Convolution& layer, std::size_t first, WindowRows rows, std::uint8_t* out) {
  const Group group(layer, first);
  Inside inside(layer, rows);
  if (inside.end - inside.begin < kColumns) inside.end = inside.begin;
  make_inside<Sums, kKernel, kStride, kColumns>(group, inside, rows, out + first);
  for (std::int32_t column = 0; column < layer.out_width; ++column) {
    if (column == inside.begin) column = inside.end;
    if (column == layer.out_width) break;
    make_edge<Sums, kKernel>(group, rows, column * layer.stride - layer.padding,
                             out + first + static_cast<std::size_t>(column) * group.step);
  }
}

template <class Sums, int kKernel, int kStride, int kColumns>
void row(const Convolution& layer, std::uint8_t* /*scratch*/, WindowRows rows, std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  for (std::size_t channel = 0; channel < channels; channel += kGroup) {
    // The last eight may have some of those before among them.
    const std::size_t first = channel + kGroup > channels ? channels - kGroup : channel;
    make_group<Sums, kKernel, kStride, kColumns>(layer, first, rows, out);
  }
  finish_codes(layer.requantization, out, static_cast<std::size_t>(layer.out_width) * channels);
}

std::size_t no_scratch(const Convolution& /*layer*/) {
  return 0;
}

void prepare(const Convolution& /*layer*/, std::uint8_t* /*scratch*/) {}

/// How a row is made.
enum : int { kNarrow1, kNarrow2, kWide, kWays };

constexpr ConvolutionKernel kKernels[2][kWays] = {
    {{"depthwise_3x3_helium_16", no_scratch, prepare, row<NarrowSums, 3, 1, 3>},
     {"depthwise_3x3_helium_16", no_scratch, prepare, row<NarrowSums, 3, 2, 2>},
     {"depthwise_3x3_helium_32", no_scratch, prepare, row<WideSums, 3, 1, 1>}},
    {{"depthwise_5x5_helium_16", no_scratch, prepare, row<NarrowSums, 5, 1, 3>},
     {"depthwise_5x5_helium_16", no_scratch, prepare, row<NarrowSums, 5, 2, 2>},
     {"depthwise_5x5_helium_32", no_scratch, prepare, row<WideSums, 5, 1, 1>}}};

}  // namespace

const ConvolutionKernel& depthwise(const Convolution& layer) {
  const bool has_kernel = layer.kernel == 3 || layer.kernel == 5;
  if (!has_kernel || layer.out_channels < static_cast<std::int32_t>(kGroup) ||
      layer.requantization.twice != nullptr) {
    return reference::kDepthwise;
  }
  const bool is_narrow = has_narrow_sums(layer) && layer.stride <= 2;
  const int way = !is_narrow ? kWide : layer.stride == 1 ? kNarrow1 : kNarrow2;
  return kKernels[layer.kernel == 5 ? 1 : 0][way];
}

}  // namespace coco_mcu::kernels::helium
