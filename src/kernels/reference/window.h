// Walking the places of a window that lie inside the picture or in its padding. Freestanding.
#pragma once

#include "kernels/kernels.h"

namespace coco_mcu::kernels::reference {

/// The codes of one pixel of the input under a window: row `ky` and column `kx` of the window whose
/// output stands in column `out_column`; null where that is padding.
inline const std::uint8_t* pixel_at(const Convolution& layer, WindowRows rows, std::int32_t ky,
                                    std::int32_t kx, std::int32_t out_column) {
  const std::int32_t column = out_column * layer.stride - layer.padding + kx;
  if (rows[ky] == nullptr || column < 0 || column >= layer.in_width) return nullptr;
  return rows[ky] + std::ptrdiff_t{column} * layer.in_channels;
}

}  // namespace coco_mcu::kernels::reference
