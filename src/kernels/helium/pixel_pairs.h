// Four output channels of pixels, two at a time. Freestanding.
#pragma once

#include "kernels/helium/requantize.h"

namespace coco_mcu::kernels::helium {

constexpr std::size_t kLanes = 16;        // bytes of a vector
constexpr std::size_t kTileChannels = 4;  // output channels

/// What does not change from pixel to pixel. The assembler knows the order of the first fields.
struct PixelPairs {
  std::int32_t starts[kTileChannels];  // of sums
  std::size_t stride;                  // bytes from one pixel's codes in `out` to the next's
  const std::int8_t* end;              // of the codes
  const std::int8_t* weights;          // see expand_weights
  std::size_t vectors;                 // of each pixel's codes
  Shifts shifts;
  FourChannels channels;
};

/// The pixels from `x` on to pairs.end, an even number of them; their codes in `out` are cut to
/// 0..255. Where the stride is zero the last pixel but one is the last that is written.
void make_pixel_pairs(const PixelPairs& pairs, const std::int8_t* x, std::uint8_t* out);

}  // namespace coco_mcu::kernels::helium
