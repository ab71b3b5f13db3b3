// Four channels at a time: a word holds their codes at one place of the window.
#include "kernels/cortex_m/cortex_m.h"
#include "kernels/cortex_m/depthwise_2w8a.h"
#include "kernels/reference/reference.h"
#include "kernels/uses.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr int kMostKernel = 5;

struct Taps {
  Halves weights[kMostKernel * kMostKernel];
  std::int32_t start[4] = {};  // what the input's zero point adds to each sum
};

void unpack(const Convolution& layer, std::size_t first, std::size_t made, Taps& taps) {
  const auto window = static_cast<std::size_t>(layer.kernel * layer.kernel);
  const std::size_t row_bytes = core::packed_row_bytes(layer.format, window);
  std::int32_t sums[4] = {};
  for (std::size_t tap = 0; tap < window; ++tap) {
    std::uint32_t w[4] = {};
    for (std::size_t i = 0; i < made; ++i) {
      const int weight =
          core::weight_at(layer.format, layer.weights + (first + i) * row_bytes, tap);
      sums[i] += weight;
      w[i] = static_cast<std::uint32_t>(weight) & 0xFFFFU;
    }
    taps.weights[tap] = {w[0] | w[2] << 16U, w[1] | w[3] << 16U};
  }
  for (std::size_t i = 0; i < 4; ++i) taps.start[i] = -layer.zero_point * sums[i];
}

struct Sums {
  std::int32_t of[4];
};

inline void add_tap(const Halves& x, const Halves& w, Sums& sums) {
  const auto even = static_cast<std::int32_t>(x.even);
  const auto odd = static_cast<std::int32_t>(x.odd);
  sums.of[0] = __smlabb(even, static_cast<std::int32_t>(w.even), sums.of[0]);
  sums.of[1] = __smlabb(odd, static_cast<std::int32_t>(w.odd), sums.of[1]);
  sums.of[2] = __smlatt(even, static_cast<std::int32_t>(w.even), sums.of[2]);
  sums.of[3] = __smlatt(odd, static_cast<std::int32_t>(w.odd), sums.of[3]);
}

/// Four codes, of which `made` may be read.
inline Halves some_codes(const std::uint8_t* x, std::size_t made) {
  if (made == 4) return codes_of(x);
  std::uint8_t bytes[4] = {};
  for (std::size_t i = 0; i < made; ++i) bytes[i] = x[i];
  return codes_of(bytes);
}

/// Four sums of an output pixel whose window begins at column `left`.
template <int kKernel>
Sums window_sums(const Convolution& layer, const Taps& taps, WindowRows rows, std::int32_t left,
                 std::size_t first, std::size_t made) {
  const auto channels = static_cast<std::size_t>(layer.in_channels);
  const auto zero = static_cast<std::uint32_t>(layer.zero_point);
  const Halves padding = {zero | zero << 16U, zero | zero << 16U};
  const bool is_inside = left >= 0 && left + kKernel <= layer.in_width && made == 4;
  Sums sums = {{taps.start[0], taps.start[1], taps.start[2], taps.start[3]}};
  const Halves* w = taps.weights;
  for (int ky = 0; ky < kKernel; ++ky, w += kKernel) {
    if (rows[ky] != nullptr && is_inside) {
      const std::uint8_t* x = rows[ky] + static_cast<std::size_t>(left) * channels + first;
#pragma GCC unroll 5
      for (int kx = 0; kx < kKernel; ++kx, x += channels) add_tap(codes_of(x), w[kx], sums);
      continue;
    }
    for (int kx = 0; kx < kKernel; ++kx) {
      const std::int32_t column = left + kx;
      const bool is_padding = rows[ky] == nullptr || column < 0 || column >= layer.in_width;
      add_tap(
          is_padding
              ? padding
              : some_codes(rows[ky] + static_cast<std::size_t>(column) * channels + first, made),
          w[kx], sums);
    }
  }
  return sums;
}

template <int kKernel>
void row(const Convolution& layer, std::uint8_t* /*scratch*/, WindowRows rows, std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  Taps taps;
  for (std::size_t first = 0; first < channels; first += 4) {
    const std::size_t made = channels - first < 4 ? channels - first : 4;
    unpack(layer, first, made, taps);
    const FourCodes codes(layer.requantization, first, made);
    for (std::int32_t column = 0; column < layer.out_width; ++column) {
      const Sums sums = window_sums<kKernel>(layer, taps, rows,
                                             column * layer.stride - layer.padding, first, made);
      codes.store(sums.of, out + static_cast<std::size_t>(column) * channels + first);
    }
  }
}

std::size_t no_scratch(const Convolution& /*layer*/) {
  return 0;
}

void prepare(const Convolution& /*layer*/, std::uint8_t* /*scratch*/) {}

/// Whether `row` can take a layer: windows of 3 or 5.
constexpr bool has_taps(const Convolution& layer) {
  return (layer.kernel == 3 || layer.kernel == 5) && layer.requantization.twice == nullptr &&
         !has_column_lanes(layer);
}

constexpr bool has_neither(const Convolution& layer) {
  return !has_column_lanes(layer) && !has_taps(layer);
}

using Row = void (*)(const Convolution&, std::uint8_t*, WindowRows, std::uint8_t*);

/// Null where no model has such windows.
template <int kKernel>
consteval Row used_row() {
  return uses_depthwise(
             [](const Convolution& layer) { return has_taps(layer) && layer.kernel == kKernel; })
             ? row<kKernel>
             : nullptr;
}

constexpr ConvolutionKernel kKernels[3][2] = {
    {{"depthwise_3x3_2w8a_cortex_m", no_scratch, prepare, used_row<3>()},
     {"depthwise_5x5_2w8a_cortex_m", no_scratch, prepare, used_row<5>()}},
    {{"depthwise_3x3_4w8a_cortex_m", no_scratch, prepare, used_row<3>()},
     {"depthwise_5x5_4w8a_cortex_m", no_scratch, prepare, used_row<5>()}},
    {{"depthwise_3x3_8w8a_cortex_m", no_scratch, prepare, used_row<3>()},
     {"depthwise_5x5_8w8a_cortex_m", no_scratch, prepare, used_row<5>()}}};

/// Where sums of two output columns share a register.
constexpr ConvolutionKernel kLaneKernels[2] = {
    {"depthwise_3x3_2w8a_cortex_m_lanes", no_scratch, prepare, depthwise_row_2w8a},
    {"depthwise_5x5_2w8a_cortex_m_lanes", no_scratch, prepare, depthwise_row_2w8a}};

}  // namespace

const ConvolutionKernel& depthwise(const Convolution& layer) {
  const int size = layer.kernel == 5 ? 1 : 0;
  if (uses_depthwise(has_column_lanes) && has_column_lanes(layer)) return kLaneKernels[size];
  if (uses_depthwise(has_taps) && has_taps(layer)) {
    return kKernels[core::weight_bits(layer.format) / 4][size];
  }
  if (uses_depthwise(has_neither)) return reference::kDepthwise;
  __builtin_trap();
}

}  // namespace coco_mcu::kernels::cortex_m
