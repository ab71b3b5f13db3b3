// A picture to draw on, and its way into a PNG file.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace coco_mcu::report {

using Colour = std::array<std::uint8_t, 3>;  // red, green, blue

struct Picture {
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> rgb;  // rows x columns x 3, row after row
};

/// A picture of one colour. Throws std::invalid_argument unless both sides are positive.
Picture filled(int height, int width, Colour colour);

/// Throws std::invalid_argument for a side that is not positive or a size of `rgb` that does not
/// fit the sides. All functions that take a picture do this first.
void check(const Picture& picture);

/// What lies outside the picture is left out.
void fill_rectangle(Picture& picture, int x, int y, int width, int height, Colour colour);

/// UTF-8 text with its upper left corner at (x, y), each dot of the font scale x scale pixels; what
/// lies outside the picture is left out.
void draw_text(Picture& picture, int x, int y, std::string_view text, int scale, Colour colour);

/// Copies `source` into `picture` with its upper left corner at (x, y). Throws
/// std::invalid_argument where it does not fit.
void paste(Picture& picture, int x, int y, const Picture& source);

/// Whole or not at all, as write_file. Throws std::runtime_error "FILE: why; what to do".
void write_png(const std::filesystem::path& file, const Picture& picture);

}  // namespace coco_mcu::report
