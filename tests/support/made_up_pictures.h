// For tests: a source of pictures that needs no files.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "dataset/image.h"
#include "dataset/picture_source.h"

namespace coco_mcu::testing {

/// Examples made on the spot; one without bytes cannot be read.
class MadeUpPictures : public dataset::PictureSource {
 public:
  explicit MadeUpPictures(std::vector<dataset::Example> examples)
      : examples_(std::move(examples)) {}
  std::size_t size() const override { return examples_.size(); }
  dataset::Example read(std::size_t index) const override {
    if (examples_[index].encoded.empty()) throw std::runtime_error("shard, record 2: damaged");
    return examples_[index];
  }
  std::string hash() const override { return ""; }

 private:
  std::vector<dataset::Example> examples_;
};

/// Of one grey, SHADE.jpg.
inline dataset::Example example(int shade, int height, int width, std::optional<bool> label) {
  dataset::Example result;
  result.file_name = std::to_string(shade) + ".jpg";
  result.id = shade;
  result.height = height;
  result.width = width;
  result.label = label;
  dataset::Image image{height, width, {}};
  image.rgb.assign(std::size_t{3} * height * width, static_cast<std::uint8_t>(shade));
  result.encoded = dataset::encode_jpeg(image, 90);
  return result;
}

}  // namespace coco_mcu::testing
