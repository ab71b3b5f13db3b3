// Depthwise convolutions with weights of 2 bits, two channels in one SMLAD. Freestanding.
#pragma once

#include "kernels/kernels.h"

namespace coco_mcu::kernels::cortex_m {

/// Whether depthwise_row_2w8a can take a layer: windows of 3 or 5, at least four channels, a zero
/// point that is a code.
constexpr bool has_column_lanes(const Convolution& layer) {
  return core::weight_bits(layer.format) == 2 && (layer.kernel == 3 || layer.kernel == 5) &&
         layer.out_channels >= 4 && layer.zero_point >= 0 && layer.zero_point <= 255 &&
         layer.requantization.twice == nullptr;
}

void depthwise_row_2w8a(const Convolution& layer, std::uint8_t* scratch, WindowRows rows,
                        std::uint8_t* out);

}  // namespace coco_mcu::kernels::cortex_m
