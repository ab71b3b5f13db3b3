// Bilinear resizing of 8-bit pictures, one output row from its two source rows at a time, so that a
// camera's rows can stream through it. Freestanding. docs/arithmetic.md states the rounding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/preprocessing.h"

namespace coco_mcu::core {

/// Interleaved pixels of 8 bits that somebody else owns.
struct PixelView {
  const std::uint8_t* pixels = nullptr;
  std::int32_t height = 0;        // rows
  std::int32_t width = 0;         // pixels
  std::ptrdiff_t row_stride = 0;  // bytes from one row to the next

  const std::uint8_t* row(std::int32_t y) const { return pixels + y * row_stride; }
};

/// The same, to be written.
struct MutablePixelView {
  std::uint8_t* pixels = nullptr;
  std::int32_t height = 0;        // rows
  std::int32_t width = 0;         // pixels
  std::ptrdiff_t row_stride = 0;  // bytes from one row to the next

  std::uint8_t* row(std::int32_t y) const { return pixels + y * row_stride; }
};

/// Where one output row (or column) reads: source[lower] + (source[upper] - source[lower]) *
/// weight.
struct Tap {
  std::int32_t lower = 0;  // source row or column; the last one at the far edge
  std::int32_t upper = 0;  // lower + 1, or lower at the far edge
  float weight = 0.0F;     // 0 <= weight < 1 wherever upper differs from lower
};

/// The tap of row (or column) `target` of `target_size`, from `source_size` rows (or columns).
/// Sizes from 1 to 2^20, `target` below `target_size`.
Tap resize_tap(Resize method, std::int32_t target, std::int32_t source_size,
               std::int32_t target_size);

/// Fills `columns` with the taps of a whole output row, which is columns.size() pixels wide.
void resize_columns(Resize method, std::int32_t source_width, std::span<Tap> columns);

/// Writes one output row of columns.size() pixels. With the output row's tap, `top` is source row
/// tap.lower, `bottom` is source row tap.upper and `weight` is tap.weight. `channels` is 1 (grey)
/// or 3 (RGB). `target` may not overlap the source rows.
void resize_row(Resize method, int channels, const std::uint8_t* top, const std::uint8_t* bottom,
                float weight, std::span<const Tap> columns, std::uint8_t* target);

/// Resizes a whole picture. `columns` is working space for exactly target.width taps. A picture
/// that already has the target's size is copied unchanged.
void resize(Resize method, int channels, const PixelView& source, const MutablePixelView& target,
            std::span<Tap> columns);

}  // namespace coco_mcu::core
