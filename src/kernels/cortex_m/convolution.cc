// Weights of 4 and 8 bits, four output channels at a time: they are unpacked once to 16 bits, then
// each pixel's codes are unpacked once for all four. Long sums are made in parts, pixel by pixel.
#include "kernels/cortex_m/convolution_2w8a.h"
#include "kernels/cortex_m/cortex_m.h"
#include "kernels/reference/reference.h"
#include "kernels/uses.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr std::size_t kPartWeights = 256;  // of one output channel: 2 KB for four
constexpr std::size_t kMostWindow = 512;   // codes that are gathered
constexpr int kTile = 4;                   // output channels

struct Tile {
  Halves weights[kPartWeights / 4][kTile];  // of four input channels
  std::int32_t start[kTile] = {};           // what the input's zero point adds to each sum
  std::size_t groups = 0;                   // of four weights
};

/// The codes of four weights that begin at a whole byte.
template <int kBits>
Halves packed_codes(const std::uint8_t* packed, std::size_t group) {
  if constexpr (kBits == 4) {
    const std::uint32_t bytes = packed[group * 2] | std::uint32_t{packed[group * 2 + 1]} << 8U;
    return {(bytes & 0xFU) | (bytes & 0xF00U) << 8U, (bytes >> 4U & 0xFU) | (bytes & 0xF000U)
                                                                                << 4U};
  } else {
    return codes_of(packed + group * 4);
  }
}

/// Weights of a packed row as pairs, as long as four are left. Returns their sum.
template <int kBits>
std::int32_t unpack_groups(const Convolution& layer, const std::uint8_t* packed, std::size_t groups,
                           int channel, Tile& tile) {
  const auto step = static_cast<std::uint32_t>(core::weight_step(layer.format));
  const std::uint32_t zero = twice(static_cast<std::uint32_t>(-core::weight_origin(layer.format)));
  std::int32_t sum = 0;
  for (std::size_t group = 0; group < groups; ++group) {
    Halves w = packed_codes<kBits>(packed, group);
    w.even = static_cast<std::uint32_t>(
        __ssub16(static_cast<int16x2_t>(w.even * step), static_cast<int16x2_t>(zero)));
    w.odd = static_cast<std::uint32_t>(
        __ssub16(static_cast<int16x2_t>(w.odd * step), static_cast<int16x2_t>(zero)));
    tile.weights[group][channel] = w;
    sum = multiply_add_halves(w.even, twice(1), sum);
    sum = multiply_add_halves(w.odd, twice(1), sum);
  }
  return sum;
}

/// `count` weights of a packed row as pairs; those behind them are zero.
void unpack(const Convolution& layer, const std::uint8_t* packed, std::size_t count, int channel,
            Tile& tile) {
  const std::size_t whole = count / 4;
  std::int32_t sum = core::weight_bits(layer.format) == 4
                         ? unpack_groups<4>(layer, packed, whole, channel, tile)
                         : unpack_groups<8>(layer, packed, whole, channel, tile);
  if (whole != tile.groups) {
    std::uint32_t w[4] = {};
    for (std::size_t i = whole * 4; i < count; ++i) {
      const int weight = core::weight_at(layer.format, packed, i);
      sum += weight;
      w[i % 4] = static_cast<std::uint32_t>(weight) & 0xFFFFU;
    }
    tile.weights[whole][channel] = {w[0] | w[2] << 16U, w[1] | w[3] << 16U};
  }
  tile.start[channel] = -layer.zero_point * sum;
}

/// Input channels from .. from + count - 1 of `made` output channels from `first` on.
void unpack_tile(const Convolution& layer, std::size_t first, int made, std::size_t from,
                 std::size_t count, Tile& tile) {
  const std::size_t row_bytes = core::packed_row_bytes(layer.format, layer.window_weights());
  const std::size_t skipped = core::packed_row_bytes(layer.format, from);
  tile.groups = (count + 3) / 4;
  for (int channel = 0; channel < kTile; ++channel) {
    const std::size_t row = first + static_cast<std::size_t>(channel < made ? channel : 0);
    unpack(layer, layer.weights + row * row_bytes + skipped, count, channel, tile);
  }
}

/// Adds a pixel's products. Not inline, as it takes nearly all registers.
[[gnu::noinline]] void add_products(const Tile& tile, const std::uint8_t* x,
                                    std::int32_t (&sums)[kTile]) {
  for (int i = 0; i < kTile; ++i) sums[i] += tile.start[i];
  const Halves* weights = tile.weights[0];
  const std::uint8_t* end = x + tile.groups * 4;
  // Two loads in one instruction: the compiler would load one word at a time.
  asm volatile(
      "0:\n"
      "ldr r0, [%[x]], #4\n"
      "ldrd r2, r3, [%[w]], #8\n"
      "uxtb16 r1, r0\n"
      "uxtb16 r0, r0, ror #8\n"
      "smlad %[a], r1, r2, %[a]\n"
      "smlad %[a], r0, r3, %[a]\n"
      "ldrd r2, r3, [%[w]], #8\n"
      "smlad %[b], r1, r2, %[b]\n"
      "smlad %[b], r0, r3, %[b]\n"
      "ldrd r2, r3, [%[w]], #8\n"
      "cmp %[x], %[end]\n"
      "smlad %[c], r1, r2, %[c]\n"
      "smlad %[c], r0, r3, %[c]\n"
      "ldrd r2, r3, [%[w]], #8\n"
      "smlad %[d], r1, r2, %[d]\n"
      "smlad %[d], r0, r3, %[d]\n"
      "bne 0b\n"
      : [x] "+r"(x), [w] "+r"(weights), [a] "+r"(sums[0]), [b] "+r"(sums[1]), [c] "+r"(sums[2]),
        [d] "+r"(sums[3])
      : [end] "r"(end)
      : "r0", "r1", "r2", "r3", "cc", "memory");
}

/// The codes under the window of one output pixel, side by side; padding is the zero point.
void gather(const Convolution& layer, WindowRows rows, std::int32_t out_column,
            std::uint8_t* window) {
  const auto channels = static_cast<std::size_t>(layer.in_channels);
  for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
    for (std::int32_t kx = 0; kx < layer.kernel; ++kx, window += channels) {
      const std::int32_t column = out_column * layer.stride - layer.padding + kx;
      if (rows[ky] == nullptr || column < 0 || column >= layer.in_width) {
        std::memset(window, layer.zero_point, channels);
      } else {
        std::memcpy(window, rows[ky] + static_cast<std::size_t>(column) * channels, channels);
      }
    }
  }
}

std::size_t no_scratch(const Convolution& /*layer*/) {
  return 0;
}

void prepare(const Convolution& /*layer*/, std::uint8_t* /*scratch*/) {}

void row(const Convolution& layer, std::uint8_t* /*scratch*/, WindowRows rows, std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  const auto in_channels = static_cast<std::size_t>(layer.in_channels);
  const std::size_t count = layer.window_weights();
  const bool is_in_place = layer.kernel == 1 && layer.stride == 1 && layer.padding == 0 &&
                           in_channels % 4 == 0;  // words of one pixel alone
  std::uint8_t window[kMostWindow];
  const auto codes_of_pixel = [&](std::int32_t column) -> const std::uint8_t* {
    if (is_in_place) return rows[0] + static_cast<std::size_t>(column) * in_channels;
    gather(layer, rows, column, window);
    return window;
  };
  Tile tile;
  for (std::size_t first = 0; first < channels; first += kTile) {
    const int made = channels - first < kTile ? static_cast<int>(channels - first) : kTile;
    const FourCodes codes(layer.requantization, first, static_cast<std::size_t>(made));
    if (count <= kPartWeights) unpack_tile(layer, first, made, 0, count, tile);
    for (std::int32_t column = 0; column < layer.out_width; ++column) {
      const std::uint8_t* x = codes_of_pixel(column);
      std::int32_t sums[kTile] = {};
      for (std::size_t from = 0; from < count; from += kPartWeights) {
        const std::size_t part = count - from < kPartWeights ? count - from : kPartWeights;
        if (count > kPartWeights) unpack_tile(layer, first, made, from, part, tile);
        add_products(tile, x + from, sums);
      }
      codes.store(sums, out + static_cast<std::size_t>(column) * channels + first);
    }
  }
}

constexpr ConvolutionKernel kKernels[2][3] = {
    {{"convolution_4w8a_cortex_m", no_scratch, prepare, row},
     {"pointwise_4w8a_cortex_m", no_scratch, prepare, row},
     {"fully_connected_4w8a_cortex_m", no_scratch, prepare, row}},
    {{"convolution_8w8a_cortex_m", no_scratch, prepare, row},
     {"pointwise_8w8a_cortex_m", no_scratch, prepare, row},
     {"fully_connected_8w8a_cortex_m", no_scratch, prepare, row}}};

/// Where sums of two output channels share a register.
constexpr ConvolutionKernel kLaneKernels[3] = {
    {"convolution_2w8a_cortex_m_lanes", no_scratch, prepare, row_2w8a},
    {"pointwise_2w8a_cortex_m_lanes", no_scratch, prepare, row_2w8a},
    {"fully_connected_2w8a_cortex_m_lanes", no_scratch, prepare, row_2w8a}};

/// Whether `row` can take a layer.
constexpr bool has_halves(const Convolution& layer) {
  return core::weight_bits(layer.format) != 2 && layer.window_weights() <= kMostWindow &&
         layer.requantization.twice == nullptr;
}

constexpr bool has_neither(const Convolution& layer) {
  return !has_lanes(layer) && !has_halves(layer);
}

}  // namespace

const ConvolutionKernel& convolution(const Convolution& layer) {
  const bool is_pointwise = layer.kernel == 1 && layer.stride == 1 && layer.padding == 0;
  const int shape = !is_pointwise ? 0 : layer.out_width == 1 ? 2 : 1;
  if (uses_convolution(has_lanes) && has_lanes(layer)) return kLaneKernels[shape];
  if (uses_convolution(has_halves) && has_halves(layer)) {
    return kKernels[core::weight_bits(layer.format) == 8 ? 1 : 0][shape];
  }
  if (uses_convolution(has_neither)) return reference::kConvolution;
  __builtin_trap();
}

}  // namespace coco_mcu::kernels::cortex_m
