#include "dataset/statistics.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "dataset/image.h"
#include "dataset/ordered_work.h"
#include "dataset/sha256.h"

namespace coco_mcu::dataset {
namespace {

struct ReadPicture {
  Example example;  // without its bytes
  std::int64_t bytes = 0;
  std::int64_t short_side = 0;
  std::int64_t long_side = 0;
  std::string sha256;
  std::string failure;  // empty where it could be read
};

ReadPicture read_picture(const PictureSource& pictures, std::size_t index) {
  ReadPicture picture;
  try {
    picture.example = pictures.read(index);
    const std::vector<std::uint8_t> encoded = std::exchange(picture.example.encoded, {});
    picture.bytes = static_cast<std::int64_t>(encoded.size());
    const Image image = decode_image(encoded, picture.example.file_name);
    picture.short_side = std::min(image.height, image.width);
    picture.long_side = std::max(image.height, image.width);
    picture.sha256 = sha256(encoded);
  } catch (const std::runtime_error& error) {
    picture.failure = error.what();
  }
  return picture;
}

Spread spread_of(std::vector<std::int64_t> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {values.front(), values[(values.size() - 1) / 2], values.back()};
}

/// Adds up pictures in their order.
class Count {
 public:
  void add(const ReadPicture& picture);
  DataSetStatistics finish();

 private:
  struct First {
    std::string file;
    std::optional<bool> label;
  };
  DataSetStatistics counted_;
  std::vector<std::int64_t> short_sides_;
  std::vector<std::int64_t> long_sides_;
  std::vector<std::int64_t> objects_;
  std::unordered_map<std::string, First> firsts_;  // by SHA-256
};

void Count::add(const ReadPicture& picture) {
  ++counted_.pictures;
  if (!picture.failure.empty()) {
    counted_.unreadable.push_back(picture.failure);
    return;
  }
  const Example& example = picture.example;
  counted_.labelled += example.label ? 1 : 0;
  counted_.with_class += example.label.value_or(false) ? 1 : 0;
  counted_.weakly_positive += example.is_weakly_positive ? 1 : 0;
  counted_.bytes += picture.bytes;
  counted_.objects += static_cast<std::int64_t>(example.objects.size());
  counted_.objects_of_class +=
      std::count_if(example.objects.begin(), example.objects.end(),
                    [](const ExampleObject& object) { return object.is_class; });
  short_sides_.push_back(picture.short_side);
  long_sides_.push_back(picture.long_side);
  objects_.push_back(static_cast<std::int64_t>(example.objects.size()));
  const auto [first, is_new] =
      firsts_.emplace(picture.sha256, First{example.file_name, example.label});
  if (!is_new) {
    counted_.duplicates.push_back(
        {example.file_name, first->second.file, first->second.label != example.label});
  }
}

DataSetStatistics Count::finish() {
  counted_.short_side = spread_of(std::move(short_sides_));
  counted_.long_side = spread_of(std::move(long_sides_));
  counted_.objects_per_picture = spread_of(std::move(objects_));
  return std::move(counted_);
}

}  // namespace

DataSetStatistics count_pictures(const PictureSource& pictures, int threads,
                                 const WorkProgress& progress) {
  Count count;
  OrderedWork<ReadPicture> work(0, pictures.size(),
                                [&](std::size_t index) { return read_picture(pictures, index); });
  work.run(threads, [&](std::size_t index, const ReadPicture& picture) {
    count.add(picture);
    progress("read", static_cast<std::int64_t>(index) + 1,
             static_cast<std::int64_t>(pictures.size()));
  });
  return count.finish();
}

}  // namespace coco_mcu::dataset
