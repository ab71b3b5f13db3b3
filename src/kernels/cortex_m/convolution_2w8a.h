// Convolutions with weights of 2 bits. Freestanding.
#pragma once

#include "kernels/kernels.h"

namespace coco_mcu::kernels::cortex_m {

/// Whether row_2w8a can take a layer: few enough weights, at least four output channels, a zero
/// point that is a code.
bool has_lanes(const Convolution& layer);

void row_2w8a(const Convolution& layer, std::uint8_t* scratch, WindowRows rows, std::uint8_t* out);

}  // namespace coco_mcu::kernels::cortex_m
