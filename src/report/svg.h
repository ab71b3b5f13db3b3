// The few things that every SVG needs: escaped text, short numbers, and a guess of how wide a text
// will stand before anyone draws it.
#pragma once

#include <string>
#include <string_view>

namespace coco_mcu::report {

/// Text as it may stand between tags and in attributes. What XML 1.0 cannot hold (most control
/// characters, bytes that are no UTF-8) becomes U+FFFD.
std::string escape_xml(std::string_view text);

/// A coordinate with at most one decimal and no trailing zero: "12", "12.5".
std::string coordinate(double value);

/// How wide the text stands in pixels at `font_size` pixels: an upper guess for the common
/// sans-serif fonts (the widest of them is DejaVu Sans), because the reader's font is not known.
double text_width(std::string_view text, double font_size, bool bold = false);

}  // namespace coco_mcu::report
