// The Visual Wake Words rule (Chowdhery et al. 2019): a photograph is labelled by whether it shows
// something of a class that covers enough of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/coco_json.h"

namespace coco_mcu::dataset {

struct LabelledPicture {
  std::int64_t id = 0;
  std::string file_name;  // relative, inside of the folder of pictures
  int height = 0;         // pixels, as the annotations say
  int width = 0;          // pixels
  bool label = false;     // shows the class
};

struct VisualWakeWords {
  std::string class_name = "person";
  double min_area = 0.005;  // more than this share of the picture
  /// The paper speaks of boxes; TensorFlow's builder of the data set compares the outline's area.
  ObjectArea area = ObjectArea::kBox;
};

/// The pictures of a COCO instances file in the file's order, labelled true where some object of
/// the class, alone, covers more than rule.min_area of the picture. Throws std::runtime_error:
/// whatever read_coco_instances refuses, a class that is not among the categories, two pictures of
/// one id, an object of an unknown picture or category, a file name that leads out of its folder.
std::vector<LabelledPicture> read_labels(const std::filesystem::path& annotations,
                                         const VisualWakeWords& rule = {});

/// The same from a stream; `name` stands in the messages.
std::vector<LabelledPicture> read_labels(std::istream& annotations, std::string_view name,
                                         const VisualWakeWords& rule = {});

}  // namespace coco_mcu::dataset
