#include "dataset/pack.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "dataset/image.h"
#include "dataset/ordered_work.h"
#include "dataset/shard_writer.h"
#include "dataset/tf_example.h"

namespace coco_mcu::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFrameBytes = 16;  // of a record: length and two checksums

Image resized(const Image& image, int height, int width) {
  return prepare(image, {.height = height, .width = width, .resize = core::Resize::kBilinear});
}

/// By halves first: bilinear interpolation reads two pixels, what lies between others is lost.
Image scaled_down(Image image, int side) {
  while (std::min(image.height, image.width) >= 2 * side) {
    image = resized(image, image.height / 2, image.width / 2);
  }
  const int short_side = std::min(image.height, image.width);
  if (short_side <= side) return image;
  const auto scaled = [&](int length) {
    return static_cast<int>(std::lround(static_cast<double>(length) * side / short_side));
  };
  return resized(image, scaled(image.height), scaled(image.width));
}

std::vector<std::uint8_t> packed(Example example, const PackOptions& options) {
  const Image image = scaled_down(decode_image(example.encoded, example.file_name), options.side);
  example.encoded = encode_jpeg(image, options.quality);
  example.height = image.height;
  example.width = image.width;
  return serialize_example(example);
}

/// Shards that are filled one after the other; their names need their number, which is known last.
class Shards {
 public:
  Shards(fs::path folder, std::uint64_t max_bytes)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  void append(const std::vector<std::uint8_t>& bytes) {
    const std::uint64_t size = bytes.size() + kFrameBytes;
    if (size > max_bytes_) {
      throw std::runtime_error(
          fmt::format("{}: a picture takes {} bytes, more than the {} of a "
                      "shard; choose a smaller side or larger shards",
                      folder_.string(), size, max_bytes_));
    }
    if (!writer_ || writer_->size() + size > max_bytes_) {
      writer_.emplace(draft(count_), 0);
      ++count_;
    }
    bytes_ += writer_->append(bytes);
  }

  void name_all() {
    writer_.reset();
    for (std::size_t i = 0; i < count_; ++i) {
      fs::rename(draft(i), folder_ / shard_name(i, count_));
    }
  }

  std::size_t count() const { return count_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  fs::path draft(std::size_t shard) const { return folder_ / fmt::format("{}.draft", shard); }

  fs::path folder_;
  std::uint64_t max_bytes_;
  std::size_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::optional<ShardWriter> writer_;
};

}  // namespace

PackResult pack_pictures(const PictureSource& pictures, const PackOptions& options,
                         const WorkProgress& progress) {
  fs::path out = options.out.lexically_normal();
  if (!out.has_filename()) out = out.parent_path();  // "data/" is "data"
  const fs::path part = out.string() + ".part";
  std::error_code error;
  if (fs::exists(out, error) && !fs::is_empty(out, error)) {
    throw std::runtime_error(
        fmt::format("{}: is there already; remove it or choose another folder", out.string()));
  }
  fs::remove_all(part, error);
  fs::create_directories(part, error);
  if (error) {
    throw std::runtime_error(fmt::format("{}: cannot be made ({}); choose another folder",
                                         part.string(), error.message()));
  }
  Shards shards(part, options.max_bytes);
  OrderedWork<std::vector<std::uint8_t>> work(
      0, pictures.size(), [&](std::size_t index) { return packed(pictures.read(index), options); });
  const auto total = static_cast<std::int64_t>(pictures.size());
  work.run(options.threads, [&](std::size_t index, const std::vector<std::uint8_t>& record) {
    shards.append(record);
    progress("pack", static_cast<std::int64_t>(index) + 1, total);
  });
  shards.name_all();
  fs::rename(part, out);
  return {total, static_cast<std::int64_t>(shards.count()), shards.bytes()};
}

}  // namespace coco_mcu::dataset
