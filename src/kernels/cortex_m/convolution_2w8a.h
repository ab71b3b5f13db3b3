// Convolutions with weights of 2 bits. Freestanding.
#pragma once

#include "kernels/cortex_m/pixel_lanes.h"
#include "kernels/kernels.h"

namespace coco_mcu::kernels::cortex_m {

/// Whether a layer with more weights than sums hold is one of whole groups of 8 channels, few
/// enough for the widened codes of one pixel.
constexpr bool has_long_lanes(const Convolution& layer) {
  return layer.kernel == 1 && layer.stride == 1 && layer.padding == 0 &&
         layer.in_channels % static_cast<std::int32_t>(kHalfGroup) == 0 &&
         layer.window_weights() <= kMostParts * kMostWeights;
}

/// Whether row_2w8a can take a layer: few enough weights, at least four output channels, a zero
/// point that is a code.
constexpr bool has_lanes(const Convolution& layer) {
  return core::weight_bits(layer.format) == 2 && layer.out_channels >= 4 && layer.zero_point >= 0 &&
         layer.zero_point <= 255 && layer.requantization.twice == nullptr &&
         (layer.window_weights() <= kMostWeights || has_long_lanes(layer));
}

void row_2w8a(const Convolution& layer, std::uint8_t* scratch, WindowRows rows, std::uint8_t* out);

}  // namespace coco_mcu::kernels::cortex_m
