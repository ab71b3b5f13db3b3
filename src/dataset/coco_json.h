// The part of a COCO instances file that labels and boxes depend on, read in one pass: the real
// file is 450 MB, nearly all of it outlines that are read over.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
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
  /// `weak_person`, no field of COCO's own: whoever gave the picture says that it shows people, but
  /// nobody has drawn boxes.
  bool weak_person = false;
};

/// In pixels from the upper left corner.
struct CocoBox {
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;
};

struct CocoObject {
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;
  double area = 0;             // pixels
  std::optional<CocoBox> box;  // always there where the area is the box's
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
