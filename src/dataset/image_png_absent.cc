// Stands in for image_png.cc in the trainer that is built alone, without libpng.
#include <stdexcept>

#include <fmt/format.h>

#include "dataset/image_codecs.h"

namespace coco_mcu::dataset {

StoredPicture decode_png(std::span<const std::uint8_t> /*bytes*/, std::string_view name,
                         const ImageLimits& /*limits*/) {
  throw std::runtime_error(fmt::format(
      "{}: is a PNG file, which this build does not read; run `coco-mcu dataset pack` first",
      name));
}

}  // namespace coco_mcu::dataset
