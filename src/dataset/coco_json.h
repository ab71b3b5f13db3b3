// The part of a COCO instances file that a label depends on, read in one pass: the real file is
// 450 MB, nearly all of it outlines that are read over.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace coco_mcu::dataset {

/// What an object covers.
enum class ObjectArea : std::uint8_t {
  kBox,           // width * height of its `bbox`
  kSegmentation,  // its `area`, the pixels inside of its outline
};

struct CocoImage {
  std::int64_t id = 0;
  std::string file_name;
  int height = 0;  // pixels
  int width = 0;   // pixels
};

struct CocoObject {
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;
  double area = 0;  // pixels
};

struct CocoCategory {
  std::int64_t id = 0;
  std::string name;
};

struct CocoInstances {
  std::vector<CocoImage> images;
  std::vector<CocoObject> objects;  // the file calls them annotations
  std::vector<CocoCategory> categories;
};

/// Reads {"images": [...], "annotations": [...], "categories": [...]}, in any order and with
/// whatever else stands between. Objects of crowds count like any other. `name` stands in the
/// messages. Throws std::runtime_error: not JSON, one of the three absent, a field absent or not of
/// its type, sizes that are not positive.
CocoInstances read_coco_instances(std::istream& file, std::string_view name, ObjectArea area);

}  // namespace coco_mcu::dataset
