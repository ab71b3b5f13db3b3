// Photographs as pixels: JPEG and PNG files are decoded to upright RGB and brought to a network's
// input size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "core/preprocessing.h"

namespace coco_mcu::dataset {

/// Row by row, three bytes per pixel: red, green, blue.
struct Image {
  int height = 0;  // pixels
  int width = 0;   // pixels
  std::vector<std::uint8_t> rgb;
};

/// Checked against the header of a file, before its pixels are allocated.
struct ImageLimits {
  /// Fewer pixels show nothing: they are tracking pixels and placeholders for what is missing.
  int min_side = 8;
  /// Cameras and panoramas stay below it, decompression bombs do not.
  int max_side = 16384;
  /// 134 million pixels, 400 MB as RGB: more than any camera in common use takes.
  std::int64_t max_pixels = std::int64_t{128} * 1024 * 1024;
};

/// Decodes a JPEG (grey, colour, CMYK; baseline or progressive) or a PNG (every kind), told apart
/// by their first bytes, and turns it upright as its EXIF orientation says. Transparent pixels are
/// shown on white. `name` stands in the messages. Throws std::runtime_error: neither JPEG nor PNG,
/// damaged, truncated, or outside of `limits`.
Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name,
                   const ImageLimits& limits = {});

/// decode_image of a picture that is going to be scaled down: a JPEG is decoded at 1/2, 1/4 or 1/8
/// of its size, several times faster, as long as both sides keep `kept_side` pixels.
Image decode_reduced_image(std::span<const std::uint8_t> bytes, std::string_view name,
                           int kept_side, const ImageLimits& limits = {});

/// A baseline JPEG file of `quality` 1..100, its colours at half resolution as cameras store them.
/// Throws std::invalid_argument for a picture without pixels or another quality.
std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality);

/// decode_image of a file. Throws std::runtime_error for a file that cannot be read, too.
Image read_image(const std::filesystem::path& path);

/// The whole picture stretched to the network's input size, still 8-bit RGB. Throws
/// std::invalid_argument where that size is not positive.
Image prepare(const Image& image, const core::Preprocessing& preprocessing);

/// A file is itself; a folder is its .jpg, .jpeg and .png files, in any case, sorted by name,
/// without those of its subfolders. Throws std::runtime_error where there are none.
std::vector<std::filesystem::path> list_pictures(const std::filesystem::path& path);

}  // namespace coco_mcu::dataset
