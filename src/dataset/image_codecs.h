// What decode_image is made of: one decoder per format, and the orientation they share.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "dataset/image.h"

namespace coco_mcu::dataset {

/// A picture as it is stored, and the EXIF block beside it: a TIFF structure without the "Exif"
/// header, empty where there is none.
struct StoredPicture {
  Image image;
  std::vector<std::uint8_t> exif;
};

/// For `kept_side`: decode no smaller than the file says.
constexpr int kWholeSize = std::numeric_limits<int>::max();

/// Both throw std::runtime_error as decode_image does.
StoredPicture decode_jpeg(std::span<const std::uint8_t> bytes, std::string_view name, int kept_side,
                          const ImageLimits& limits);
StoredPicture decode_png(std::span<const std::uint8_t> bytes, std::string_view name,
                         const ImageLimits& limits);

/// Throws std::runtime_error for a height x width outside of `limits`.
void check_size(std::int64_t height, std::int64_t width, std::string_view name,
                const ImageLimits& limits);

/// The orientation 1..8 in an EXIF block; 1 (upright) where it is absent or makes no sense, as
/// picture viewers do.
int exif_orientation(std::span<const std::uint8_t> exif);

/// Turns and mirrors a picture stored in `orientation` (1..8) so that it stands upright.
Image upright(Image image, int orientation);

}  // namespace coco_mcu::dataset
