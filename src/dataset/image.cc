#include "dataset/image.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/resize.h"
#include "dataset/image_codecs.h"
#include "dataset/picture_file.h"

namespace coco_mcu::dataset {
namespace {

// A 16-bit PNG of the largest picture admitted is 768 MiB before compression.
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{512} * 1024 * 1024;

constexpr std::array<std::uint8_t, 3> kJpegStart = {0xFF, 0xD8, 0xFF};
constexpr std::array<std::uint8_t, 8> kPngStart = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

bool starts_with(std::span<const std::uint8_t> bytes, std::span<const std::uint8_t> start) {
  return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin());
}

}  // namespace

std::vector<std::uint8_t> read_picture_file(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) {
    throw std::runtime_error(fmt::format("{}: cannot be read: {}", path.string(), error.message()));
  }
  if (size > kMaxFileBytes) {
    throw std::runtime_error(fmt::format("{}: {} bytes are no photograph (limit: {}); leave it out",
                                         path.string(), size, kMaxFileBytes));
  }
  std::vector<std::uint8_t> bytes(size);
  std::ifstream file(path, std::ios::binary);
  const auto wanted = static_cast<std::streamsize>(size);
  // The bytes of a file are characters to a stream.
  if (!file.read(reinterpret_cast<char*>(bytes.data()), wanted)) {
    throw std::runtime_error(
        fmt::format("{}: cannot be read; check its permissions", path.string()));
  }
  return bytes;
}

void check_size(std::int64_t height, std::int64_t width, std::string_view name,
                const ImageLimits& limits) {
  if (std::min(height, width) < limits.min_side) {
    throw std::runtime_error(
        fmt::format("{}: {}x{} pixels (width x height) show nothing: a picture has at least {} on "
                    "each side; leave it out",
                    name, width, height, limits.min_side));
  }
  if (std::max(height, width) > limits.max_side || height * width > limits.max_pixels) {
    throw std::runtime_error(
        fmt::format("{}: {}x{} pixels (width x height) are too many: the limits are {} on a side "
                    "and {} in all; scale it down",
                    name, width, height, limits.max_side, limits.max_pixels));
  }
}

Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name,
                   const ImageLimits& limits) {
  return decode_reduced_image(bytes, name, kWholeSize, limits);
}

Image decode_reduced_image(std::span<const std::uint8_t> bytes, std::string_view name,
                           int kept_side, const ImageLimits& limits) {
  StoredPicture stored;
  if (starts_with(bytes, kJpegStart)) {
    stored = decode_jpeg(bytes, name, kept_side, limits);
  } else if (starts_with(bytes, kPngStart)) {
    stored = decode_png(bytes, name, limits);
  } else {
    throw std::runtime_error(fmt::format("{}: {}; convert it to one of them or leave it out", name,
                                         bytes.empty() ? "is empty, neither a JPEG nor a PNG file"
                                                       : "is neither a JPEG nor a PNG file"));
  }
  return upright(std::move(stored.image), exif_orientation(stored.exif));
}

Image read_image(const std::filesystem::path& path) {
  return decode_image(read_picture_file(path), path.string());
}

Image prepare(const Image& image, const core::Preprocessing& preprocessing) {
  if (preprocessing.height <= 0 || preprocessing.width <= 0) {
    throw std::invalid_argument(fmt::format("preprocessing to {}x{} pixels: the size is not set",
                                            preprocessing.width, preprocessing.height));
  }
  const core::PixelView source = {image.rgb.data(), image.height, image.width,
                                  std::ptrdiff_t{image.width} * 3};
  Image prepared{preprocessing.height, preprocessing.width, {}};
  prepared.rgb.resize(std::size_t{3} * prepared.height * prepared.width);
  const core::MutablePixelView target = {prepared.rgb.data(), prepared.height, prepared.width,
                                         std::ptrdiff_t{prepared.width} * 3};
  std::vector<core::Tap> columns(prepared.width);
  core::resize(preprocessing.resize, 3, source, target, columns);
  return prepared;
}

}  // namespace coco_mcu::dataset
