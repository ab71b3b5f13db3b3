// A small bitmap font for captions in pictures: printable ASCII, five pixels wide, seven high above
// the base line and two below it.
#pragma once

namespace coco_mcu::report {

constexpr int kGlyphWidth = 5;
constexpr int kGlyphHeight = 9;
constexpr int kGlyphAdvance = 6;  // from one glyph to the next
constexpr int kTextLine = 12;     // from one line to the next

/// Whether the glyph has ink at that row and column (0..8, 0..4). Anything that is not printable
/// ASCII shows as an empty box.
bool glyph_has_ink(char32_t code, int row, int column);

}  // namespace coco_mcu::report
