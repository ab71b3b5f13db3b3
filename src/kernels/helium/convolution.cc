// Convolutions, four output channels at a time: their weights are expanded to bytes once for a
// block of pixels, whose codes less 128 lie side by side.
#include <cstring>

#include "kernels/helium/expand_weights.h"
#include "kernels/helium/helium.h"
#include "kernels/helium/pixel_pairs.h"
#include "kernels/reference/reference.h"
#include "kernels/uses.h"

namespace coco_mcu::kernels::helium {
namespace {

/// Codes and weights, as many as the stack has room for.
constexpr std::size_t kWorkBytes = 3072;
constexpr std::size_t kMostWeights = 512;  // of one output channel
static_assert(kWorkBytes >= kMostWeights * (kTileChannels + 2));

/// Codes less 128. What lies behind the last one up to a whole vector is undefined.
std::int8_t* copy_codes(const std::uint8_t* x, std::size_t count, std::int8_t* to) {
  for (; count >= kLanes; count -= kLanes, x += kLanes, to += kLanes) {
    vst1q_s8(to, less_128(vld1q_u8(x)));
  }
  if (count != 0) {
    vst1q_s8(to, less_128(vldrbq_z_u8(x, vctp8q(static_cast<std::uint32_t>(count)))));
  }
  return to + count;
}

/// The codes under the window of one output pixel, side by side; padding is the zero point.
void copy_window(const Convolution& layer, WindowRows rows, std::int32_t out_column,
                 std::int8_t* to) {
  const std::int32_t begin = out_column * layer.stride - layer.padding;
  const std::int32_t end = begin + layer.kernel;
  const std::int32_t from = begin < 0 ? 0 : begin;
  const std::int32_t behind = end > layer.in_width ? layer.in_width : end;
  const auto bytes = [&](std::int32_t pixels) {
    return static_cast<std::size_t>(pixels * layer.in_channels);
  };
  const int padding = layer.zero_point - 128;
  for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
    std::int8_t* const next = to + bytes(layer.kernel);
    if (rows[ky] == nullptr || from >= behind) {
      std::memset(to, padding, bytes(layer.kernel));
    } else {
      if (from != begin) std::memset(to, padding, bytes(from - begin));
      to = copy_codes(rows[ky] + bytes(from), bytes(behind - from), to + bytes(from - begin));
      if (end != behind) std::memset(to, padding, bytes(end - behind));
    }
    to = next;
  }
}

bool is_pointwise(const Convolution& layer) {
  return layer.kernel == 1 && layer.padding == 0;
}

/// `count` pixels from `first` on, each of whole vectors.
void copy_block(const Convolution& layer, WindowRows rows, std::size_t first, std::size_t count,
                std::int8_t* block) {
  const std::size_t codes = layer.window_weights();
  const std::size_t pixel_bytes = padded(codes);
  if (!is_pointwise(layer)) {
    for (std::size_t i = 0; i < count; ++i) {
      copy_window(layer, rows, static_cast<std::int32_t>(first + i), block + i * pixel_bytes);
    }
    return;
  }
  const std::size_t stride = static_cast<std::size_t>(layer.stride) * codes;
  const std::uint8_t* x = rows[0] + first * stride;
  if (layer.stride == 1 && codes == pixel_bytes) {
    copy_codes(x, count * codes, block);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    copy_codes(x + i * stride, codes, block + i * pixel_bytes);
  }
}

/// A block of pixels whose codes have been copied, and room for the weights of four channels.
struct Block {
  const std::int8_t* codes;
  std::int8_t* weights;
  std::size_t vectors;  // of each pixel
  std::size_t pixels;   // behind an odd number there is room for one more
};

/// Four output channels of a block's pixels, which lie `stride` bytes apart from `out` on.
void make_tile(const Convolution& layer, const Block& block, std::size_t first, std::size_t made,
               std::uint8_t* out, std::size_t stride) {
  const int32x4_t weight_sums = expand_weights(layer, first, made, block.weights);
  const std::size_t pixel_bytes = block.vectors * kLanes;
  const std::int8_t* const last = block.codes + block.pixels / 2 * 2 * pixel_bytes;
  const Shifts shifts(layer.requantization);
  PixelPairs pairs = {.stride = stride,
                      .end = last,
                      .weights = block.weights,
                      .vectors = block.vectors,
                      .shifts = shifts,
                      .channels = {layer.requantization, shifts, first, made}};
  // A block's codes are 128 less, sums are those of codes less the zero point.
  vst1q_s32(pairs.starts, vmulq_n_s32(weight_sums, 128 - layer.zero_point));
  if (block.pixels >= 2) make_pixel_pairs(pairs, block.codes, out);
  if (block.pixels % 2 == 0) return;
  pairs.stride = 0;
  pairs.end = last + 2 * pixel_bytes;
  make_pixel_pairs(pairs, last, out + (block.pixels - 1) * stride);
}

/// Fewer than four output channels of one or two pixels.
void make_few(const Convolution& layer, const Block& block, std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  std::uint8_t four[2 * kTileChannels];
  make_tile(layer, block, 0, channels, four, kTileChannels);
  for (std::size_t i = 0; i < block.pixels; ++i) {
    std::memcpy(out + i * channels, four + i * kTileChannels, channels);
  }
}

/// All output channels, at least four of them.
void make_all(const Convolution& layer, const Block& block, std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  for (std::size_t channel = 0; channel < channels; channel += kTileChannels) {
    // The last four may have some of those before among them.
    const std::size_t first =
        channel + kTileChannels > channels ? channels - kTileChannels : channel;
    make_tile(layer, block, first, kTileChannels, out + first, channels);
  }
}

void row(const Convolution& layer, std::uint8_t* /*scratch*/, WindowRows rows, std::uint8_t* out) {
  const auto pixels = static_cast<std::size_t>(layer.out_width);
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  const std::size_t pixel_bytes = padded(layer.window_weights());
  const std::size_t room = (kWorkBytes / pixel_bytes - kTileChannels) / 2 * 2;
  const std::size_t at_once = channels < kTileChannels ? 2 : room;
  // Weights, then codes; behind the last code stands what completes a vector.
  alignas(kLanes) std::int8_t work[kWorkBytes + kLanes];
  std::int8_t* const codes = work + kTileChannels * pixel_bytes;
  for (std::size_t first = 0; first < pixels; first += at_once) {
    const std::size_t count = pixels - first < at_once ? pixels - first : at_once;
    copy_block(layer, rows, first, count, codes);
    const Block block = {codes, work, pixel_bytes / kLanes, count};
    std::uint8_t* const to = out + first * channels;
    channels < kTileChannels ? make_few(layer, block, to) : make_all(layer, block, to);
  }
  finish_codes(layer.requantization, out, pixels * channels);
}

constexpr ConvolutionKernel kKernels[3][3] = {
    {{"convolution_2w8a_helium", no_scratch, no_preparation, row},
     {"pointwise_2w8a_helium", no_scratch, no_preparation, row},
     {"fully_connected_2w8a_helium", no_scratch, no_preparation, row}},
    {{"convolution_4w8a_helium", no_scratch, no_preparation, row},
     {"pointwise_4w8a_helium", no_scratch, no_preparation, row},
     {"fully_connected_4w8a_helium", no_scratch, no_preparation, row}},
    {{"convolution_8w8a_helium", no_scratch, no_preparation, row},
     {"pointwise_8w8a_helium", no_scratch, no_preparation, row},
     {"fully_connected_8w8a_helium", no_scratch, no_preparation, row}}};

constexpr bool has_kernel(const Convolution& layer) {
  return layer.window_weights() <= kMostWeights && layer.requantization.twice == nullptr;
}

constexpr bool has_none(const Convolution& layer) {
  return !has_kernel(layer);
}

}  // namespace

const ConvolutionKernel& convolution(const Convolution& layer) {
  if (uses_convolution(has_none) && has_none(layer)) return reference::kConvolution;
  const int shape = !is_pointwise(layer) ? 0 : layer.out_width == 1 ? 2 : 1;
  return kKernels[core::weight_bits(layer.format) / 4][shape];
}

}  // namespace coco_mcu::kernels::helium
