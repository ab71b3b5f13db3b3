// Four output channels at a time: their weights are unpacked once to 16 bits, then each pixel's
// codes are unpacked once for all four.
#include "kernels/cortex_m/convolution_2w8a.h"
#include "kernels/cortex_m/cortex_m.h"
#include "kernels/reference/reference.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr std::size_t kMostWeights = 512;  // of one output channel: 4 KB for four
constexpr int kTile = 4;                   // output channels

struct Tile {
  Halves weights[kMostWeights / 4][kTile];  // of four input channels
  std::int32_t start[kTile] = {};           // what the input's zero point adds to each sum
  std::size_t groups = 0;                   // of four weights
};

/// The codes of four weights that begin at a whole byte.
template <int kBits>
Halves packed_codes(const std::uint8_t* packed, std::size_t group) {
  if constexpr (kBits == 2) {
    const std::uint32_t byte = packed[group];
    return {(byte & 3U) | (byte & 0x30U) << 12U, (byte >> 2U & 3U) | (byte & 0xC0U) << 10U};
  } else if constexpr (kBits == 4) {
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

/// Weights of a packed row as pairs; those behind the row's end are zero.
void unpack(const Convolution& layer, const std::uint8_t* packed, int channel, Tile& tile) {
  const std::size_t count = layer.window_weights();
  const std::size_t whole = count / 4;
  const int bits = core::weight_bits(layer.format);
  std::int32_t sum = bits == 2   ? unpack_groups<2>(layer, packed, whole, channel, tile)
                     : bits == 4 ? unpack_groups<4>(layer, packed, whole, channel, tile)
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

/// `made` output channels from `first` on.
void unpack_tile(const Convolution& layer, std::size_t first, int made, Tile& tile) {
  const std::size_t row_bytes = core::packed_row_bytes(layer.format, layer.window_weights());
  for (int channel = 0; channel < kTile; ++channel) {
    const std::size_t from = first + static_cast<std::size_t>(channel < made ? channel : 0);
    unpack(layer, layer.weights + from * row_bytes, channel, tile);
  }
}

inline void make_pixel(const Tile& tile, const FourCodes& codes_of_sums, const std::uint8_t* x,
                       std::uint8_t* out) {
  std::int32_t sums[kTile] = {tile.start[0], tile.start[1], tile.start[2], tile.start[3]};
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
  codes_of_sums.store(sums, out);
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
  const bool is_in_place = layer.kernel == 1 && layer.stride == 1 && layer.padding == 0 &&
                           in_channels % 4 == 0;  // words of one pixel alone
  Tile tile;
  tile.groups = (layer.window_weights() + 3) / 4;
  for (std::size_t first = 0; first < channels; first += kTile) {
    const int made = channels - first < kTile ? static_cast<int>(channels - first) : kTile;
    unpack_tile(layer, first, made, tile);
    const FourCodes codes(layer.requantization, first, static_cast<std::size_t>(made));
    for (std::int32_t column = 0; column < layer.out_width; ++column) {
      const auto pixel = static_cast<std::size_t>(column);
      if (is_in_place) {
        make_pixel(tile, codes, rows[0] + pixel * in_channels, out + pixel * channels + first);
      } else {
        std::uint8_t window[kMostWeights];
        gather(layer, rows, column, window);
        make_pixel(tile, codes, window, out + pixel * channels + first);
      }
    }
  }
}

constexpr ConvolutionKernel kKernels[3][3] = {
    {{"convolution_2w8a_cortex_m", no_scratch, prepare, row},
     {"pointwise_2w8a_cortex_m", no_scratch, prepare, row},
     {"fully_connected_2w8a_cortex_m", no_scratch, prepare, row}},
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

}  // namespace

const ConvolutionKernel& convolution(const Convolution& layer) {
  const bool is_pointwise = layer.kernel == 1 && layer.stride == 1 && layer.padding == 0;
  const int shape = !is_pointwise ? 0 : layer.out_width == 1 ? 2 : 1;
  if (has_lanes(layer)) return kLaneKernels[shape];
  if (layer.window_weights() > kMostWeights || layer.requantization.twice != nullptr) {
    return reference::kConvolution;
  }
  return kKernels[core::weight_bits(layer.format) / 4][shape];
}

}  // namespace coco_mcu::kernels::cortex_m
