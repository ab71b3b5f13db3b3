#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <libexif/exif-data.h>

#include "dataset/image_codecs.h"

namespace coco_mcu::dataset {
namespace {

constexpr int kUpright = 1;

// libexif reads a block as it stands in a JPEG file: behind this header, of at most 64 KiB.
constexpr std::array<std::uint8_t, 6> kHeader = {'E', 'x', 'i', 'f', 0, 0};
constexpr std::size_t kMaxBytes = 65536;

struct Release {
  void operator()(ExifData* data) const { exif_data_unref(data); }
};

}  // namespace

int exif_orientation(std::span<const std::uint8_t> exif) {
  if (exif.empty() || exif.size() > kMaxBytes) return kUpright;
  std::vector<std::uint8_t> block(kHeader.begin(), kHeader.end());
  block.insert(block.end(), exif.begin(), exif.end());

  const std::unique_ptr<ExifData, Release> data(exif_data_new());
  if (!data) return kUpright;
  // The block is read as it is; nothing is added to it, nothing converted.
  exif_data_unset_option(data.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
  exif_data_load_data(data.get(), block.data(), static_cast<unsigned>(block.size()));

  const ExifEntry* entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->components != 1 ||
      entry->size < 2) {
    return kUpright;
  }
  const int orientation = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
  return orientation >= 1 && orientation <= 8 ? orientation : kUpright;
}

// EXIF 2.3, section 4.6.4: the orientation says where row 0 and column 0 of the stored picture
// belong in the upright one: 1 top left, 2 top right, 3 bottom right, 4 bottom left, and with rows
// and columns exchanged 5 left top, 6 right top, 7 right bottom, 8 left bottom.
Image upright(Image image, int orientation) {
  if (orientation == kUpright) return image;
  const bool exchanged = orientation >= 5;
  const bool rows_reversed =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool columns_reversed =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;

  Image turned{exchanged ? image.width : image.height, exchanged ? image.height : image.width, {}};
  turned.rgb.resize(image.rgb.size());
  auto target = turned.rgb.begin();
  for (int y = 0; y < turned.height; ++y) {
    for (int x = 0; x < turned.width; ++x) {
      int row = exchanged ? x : y;
      int column = exchanged ? y : x;
      if (rows_reversed) row = image.height - 1 - row;
      if (columns_reversed) column = image.width - 1 - column;
      const auto pixel = (std::ptrdiff_t{row} * image.width + column) * 3;
      target = std::copy_n(image.rgb.begin() + pixel, 3, target);
    }
  }
  return turned;
}

}  // namespace coco_mcu::dataset
