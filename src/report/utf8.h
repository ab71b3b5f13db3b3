// Text as code points: how wide it stands on a terminal, what of it may stand in XML or a bitmap.
#pragma once

#include <cstddef>
#include <string_view>

namespace coco_mcu::report {

struct CodePoint {
  char32_t value = 0;     // U+FFFD for a byte that belongs to no valid sequence
  std::size_t bytes = 1;  // how many of the text it takes
};

/// The code point that starts at text[at]; `at` lies inside the text.
CodePoint code_point_at(std::string_view text, std::size_t at);

/// How many columns a terminal needs for the text: one for each code point, none for a combining
/// mark (U+0300..U+036F), two for wide East Asian ones and pictographs. A stray byte counts as one.
std::size_t display_width(std::string_view text);

}  // namespace coco_mcu::report
