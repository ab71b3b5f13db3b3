#include "report/picture.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <png.h>

#include "report/file.h"
#include "report/font.h"
#include "report/utf8.h"

namespace coco_mcu::report {
namespace {

std::size_t offset(const Picture& picture, int x, int y) {
  return (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
          static_cast<std::size_t>(x)) *
         3;
}

}  // namespace

Picture filled(int height, int width, Colour colour) {
  Picture picture{height, width, {}};
  if (height > 0 && width > 0) picture.rgb.resize(offset(picture, 0, height));
  check(picture);
  fill_rectangle(picture, 0, 0, width, height, colour);
  return picture;
}

void check(const Picture& picture) {
  const bool sides = picture.height > 0 && picture.width > 0;
  if (!sides || picture.rgb.size() != offset(picture, 0, picture.height)) {
    throw std::invalid_argument(
        fmt::format("picture: {} bytes are no {} x {} pixels (height x width) of 3 bytes",
                    picture.rgb.size(), picture.height, picture.width));
  }
}

void fill_rectangle(Picture& picture, int x, int y, int width, int height, Colour colour) {
  check(picture);
  for (int row = std::max(y, 0); row < std::min(y + height, picture.height); ++row) {
    for (int column = std::max(x, 0); column < std::min(x + width, picture.width); ++column) {
      std::ranges::copy(
          colour, picture.rgb.begin() + static_cast<std::ptrdiff_t>(offset(picture, column, row)));
    }
  }
}

void draw_text(Picture& picture, int x, int y, std::string_view text, int scale, Colour colour) {
  check(picture);
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < kGlyphWidth; ++column) {
        if (!glyph_has_ink(point.value, row, column)) continue;
        fill_rectangle(picture, x + column * scale, y + row * scale, scale, scale, colour);
      }
    }
    x += kGlyphAdvance * scale;
    at += point.bytes;
  }
}

void paste(Picture& picture, int x, int y, const Picture& source) {
  check(picture);
  check(source);
  if (x < 0 || y < 0 || source.width > picture.width - x || source.height > picture.height - y) {
    throw std::invalid_argument(
        fmt::format("picture: {} x {} pixels at row {}, column {} do not fit into {} x {}",
                    source.height, source.width, y, x, picture.height, picture.width));
  }
  const std::size_t row_bytes = offset(source, source.width, 0);
  for (int row = 0; row < source.height; ++row) {
    std::copy_n(source.rgb.begin() + static_cast<std::ptrdiff_t>(offset(source, 0, row)), row_bytes,
                picture.rgb.begin() + static_cast<std::ptrdiff_t>(offset(picture, x, y + row)));
  }
}

void write_png(const std::filesystem::path& file, const Picture& picture) {
  check(picture);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, picture.rgb.data(), 0, nullptr) ==
      0) {
    throw std::runtime_error(
        fmt::format("{}: no PNG of {} x {} pixels ({}); draw a smaller picture", file.string(),
                    picture.height, picture.width, image.message));
  }
  write_file(file, std::string_view(bytes).substr(0, size));
}

}  // namespace coco_mcu::report
