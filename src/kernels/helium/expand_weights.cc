#include "kernels/helium/expand_weights.h"

#include <cstring>

namespace coco_mcu::kernels::helium {
namespace {

/// Each byte of 16 weights again for every weight that it holds.
template <int kBits>
uint8x16_t spread_bytes(const std::uint8_t* packed) {
  if constexpr (kBits == 2) {
    const uint32x4_t words = vldrbq_u32(packed);
    return vreinterpretq_u8_u32(vmulq_n_u32(words, 0x01010101U));
  } else if constexpr (kBits == 4) {
    const uint16x8_t halves = vldrbq_u16(packed);
    return vreinterpretq_u8_u16(vmulq_n_u16(halves, 0x0101U));
  } else {
    return vldrbq_u8(packed);
  }
}

/// How a format's weights come from such bytes.
struct Unpacking {
  explicit Unpacking(core::WeightFormat format)
      : mask(static_cast<std::uint8_t>(((1 << core::weight_bits(format)) - 1) *
                                       core::weight_step(format))),
        origin(static_cast<std::int8_t>(core::weight_origin(format))) {
    const int bits = core::weight_bits(format);
    const uint8x16_t lanes = vidupq_n_u8(0, 1);
    const int8x16_t code = vreinterpretq_s8_u8(vandq_u8(lanes, vdupq_n_u8(8 / bits - 1)));
    shifts = vaddq_n_s8(vmulq_n_s8(code, static_cast<std::int8_t>(-bits)),
                        static_cast<std::int8_t>(core::weight_step(format) - 1));
  }

  /// A step of two is a shift by one.
  int8x16_t weights(uint8x16_t bytes) const {
    const uint8x16_t codes = vandq_u8(vshlq_u8(bytes, shifts), vdupq_n_u8(mask));
    return vaddq_n_s8(vreinterpretq_s8_u8(codes), origin);
  }

  int8x16_t shifts;
  std::uint8_t mask;
  std::int8_t origin;
};

/// One channel's `count` weights. Returns their sum.
template <int kBits>
std::int32_t expand_row(const Unpacking& unpacking, const std::uint8_t* packed, std::size_t count,
                        std::int8_t* to) {
  constexpr std::size_t kBytes = kLanes * kBits / 8;
  std::int32_t sum = 0;
  std::size_t left = count;
  for (; left >= kLanes; left -= kLanes, packed += kBytes, to += kTileChannels * kLanes) {
    const int8x16_t weights = unpacking.weights(spread_bytes<kBits>(packed));
    sum = vaddvaq_s8(sum, weights);
    vst1q_s8(to, weights);
  }
  if (left == 0) return sum;
  std::uint8_t rest[kBytes] = {};
  std::memcpy(rest, packed, (left * kBits + 7) / 8);
  const mve_pred16_t lanes = vctp8q(static_cast<std::uint32_t>(left));
  const int8x16_t weights =
      vpselq_s8(unpacking.weights(spread_bytes<kBits>(rest)), vdupq_n_s8(0), lanes);
  vst1q_s8(to, weights);
  return vaddvaq_s8(sum, weights);
}

template <int kBits>
int32x4_t expand_rows(const Convolution& layer, std::size_t first, std::size_t made,
                      std::int8_t* weights) {
  const std::size_t count = layer.window_weights();
  const std::size_t row_bytes = core::packed_row_bytes(layer.format, count);
  const Unpacking unpacking(layer.format);
  std::int32_t sums[kTileChannels];
  for (std::size_t c = 0; c < kTileChannels; ++c) {
    const std::uint8_t* row = layer.weights + (first + (c < made ? c : made - 1)) * row_bytes;
    sums[c] = expand_row<kBits>(unpacking, row, count, weights + c * kLanes);
  }
  return vld1q_s32(sums);
}

}  // namespace

int32x4_t expand_weights(const Convolution& layer, std::size_t first, std::size_t made,
                         std::int8_t* weights) {
  switch (core::weight_bits(layer.format)) {
    case 2:
      return expand_rows<2>(layer, first, made, weights);
    case 4:
      return expand_rows<4>(layer, first, made, weights);
    default:
      return expand_rows<8>(layer, first, made, weights);
  }
}

}  // namespace coco_mcu::kernels::helium
