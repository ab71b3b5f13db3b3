// One picture of a data set with all that is known of it, as it stands in a TFRecord shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace coco_mcu::dataset {

/// An object's box, in shares of the picture's width and height, 0..1.
struct Box {
  float xmin = 0.0F;
  float ymin = 0.0F;
  float xmax = 0.0F;
  float ymax = 0.0F;

  bool operator==(const Box&) const = default;
};

struct ExampleObject {
  Box box;
  /// Share of the picture that the object covers, by the rule the label was made with.
  float area = 0.0F;
  bool is_class = true;  // of the class that is looked for
};

struct Example {
  std::string file_name;
  std::int64_t id = 0;
  int height = 0;  // pixels, as the annotations say
  int width = 0;   // pixels
  /// Whether the class is shown; nothing where nobody has said.
  std::optional<bool> label;
  std::vector<ExampleObject> objects;
  std::string class_name = "person";
  std::vector<std::uint8_t> encoded;  // a JPEG or PNG file
  /// Unlabelled pictures whose source says that it probably shows the class ("weak_person").
  bool is_weakly_positive = false;
};

}  // namespace coco_mcu::dataset
