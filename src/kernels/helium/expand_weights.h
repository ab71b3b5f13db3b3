// Packed weights of four output channels as bytes. Freestanding.
#pragma once

#include "kernels/helium/pixel_pairs.h"

namespace coco_mcu::kernels::helium {

/// Bytes that so many codes fill when the last vector is filled up.
constexpr std::size_t padded(std::size_t count) {
  return (count + kLanes - 1) / kLanes * kLanes;
}

/// The first `made` of four output channels from `first` on; the last of them stands for those
/// that are not made. To `weights` go 16 of channel 0, then of channel 1 ..., then the next 16;
/// zero behind the last one. Returns the sums of each channel's weights.
int32x4_t expand_weights(const Convolution& layer, std::size_t first, std::size_t made,
                         std::int8_t* weights);

}  // namespace coco_mcu::kernels::helium
