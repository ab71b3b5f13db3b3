// The convolutions of the models of a program. `coco-mcu emit` writes this header anew, see
// core/uses.h. Freestanding.
#pragma once

#include <span>

#include "kernels/kernels.h"

namespace coco_mcu::kernels {

/// Without weights and numbers; `twice` is set where a layer has that rule. Not read where the
/// program is for any model.
inline constexpr std::span<const Convolution> kUsedConvolutions;
inline constexpr std::span<const Convolution> kUsedDepthwise;

}  // namespace coco_mcu::kernels
