#include <algorithm>
#include <cstddef>
#include <utility>

#include "dataset/image_codecs.h"

namespace coco_mcu::dataset {
namespace {

constexpr int kUpright = 1;

// A TIFF structure (TIFF 6.0, section 2) begins with its byte order, the number 42 and the offset
// of its first directory: a count and entries of tag, type, number of values and the value.
constexpr std::size_t kMaxBytes = 65536;  // what fits beside a JPEG
constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kEntryBytes = 12;
constexpr unsigned kOrientationTag = 0x0112;
constexpr unsigned kShortType = 3;

/// Numbers of a TIFF structure; zero behind its end.
class TiffNumbers {
 public:
  explicit TiffNumbers(std::span<const std::uint8_t> bytes) : bytes_(bytes) {
    is_big_endian_ = byte(0) == 'M';
  }

  bool is_tiff() const {
    return byte(0) == byte(1) && (byte(0) == 'I' || byte(0) == 'M') && u16(2) == 42;
  }
  unsigned u16(std::size_t at) const {
    return is_big_endian_ ? byte(at) << 8U | byte(at + 1) : byte(at + 1) << 8U | byte(at);
  }
  unsigned u32(std::size_t at) const {
    return is_big_endian_ ? u16(at) << 16U | u16(at + 2) : u16(at + 2) << 16U | u16(at);
  }

 private:
  unsigned byte(std::size_t at) const { return at < bytes_.size() ? bytes_[at] : 0U; }

  std::span<const std::uint8_t> bytes_;
  bool is_big_endian_ = false;
};

}  // namespace

int exif_orientation(std::span<const std::uint8_t> exif) {
  const TiffNumbers tiff(exif);
  if (exif.size() < kHeaderBytes || exif.size() > kMaxBytes || !tiff.is_tiff()) return kUpright;
  const std::size_t directory = tiff.u32(4);
  const std::size_t entries = tiff.u16(directory);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (tiff.u16(entry) != kOrientationTag) continue;
    if (tiff.u16(entry + 2) != kShortType || tiff.u32(entry + 4) != 1) return kUpright;
    const auto orientation = static_cast<int>(tiff.u16(entry + 8));
    return orientation >= 1 && orientation <= 8 ? orientation : kUpright;
  }
  return kUpright;
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
