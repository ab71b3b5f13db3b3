// For tests: the bytes of JPEG and PNG files of every kind, made on the spot.
#pragma once

// jpeglib.h needs FILE and size_t declared before it.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on
#include <cstdint>
#include <initializer_list>
#include <vector>

#include <png.h>

namespace coco_mcu::testing {

using Bytes = std::vector<std::uint8_t>;

struct JpegRecipe {
  int height = 0;
  int width = 0;
  Bytes samples{};                   // row by row, one per channel of `given_as`
  J_COLOR_SPACE given_as = JCS_RGB;  // what the samples are
  J_COLOR_SPACE stored_as = JCS_YCbCr;
  bool adobe_marker = false;
  bool progressive = false;
  std::vector<jpeg_scan_info> scans{};  // a progression of one's own
  Bytes exif{};                         // TIFF structure; none where empty
};

/// At the highest quality and without subsampling: samples come back within about 2 of 255.
Bytes encode_jpeg(const JpegRecipe& recipe);

struct PngRecipe {
  int height = 0;
  int width = 0;
  Bytes rows{};  // packed as PNG packs them, 16-bit values big-endian
  int bit_depth = 8;
  int colour_type = PNG_COLOR_TYPE_RGB;
  std::vector<png_color> palette{};
  Bytes palette_alpha{};              // tRNS of a palette
  const png_color_16* key = nullptr;  // tRNS of grey and RGB: this colour is transparent
  bool interlaced = false;
  Bytes exif{};  // TIFF structure; none where empty
};

Bytes encode_png(const PngRecipe& recipe);

/// The TIFF structure of an EXIF block that holds nothing but an orientation.
Bytes exif_with_orientation(int orientation, bool big_endian);

/// height x width pixels of one colour.
Bytes one_colour(int height, int width, std::initializer_list<std::uint8_t> samples);

}  // namespace coco_mcu::testing
