// Annotations for the sample pictures.
#pragma once

#include <nlohmann/json.hpp>

namespace coco_mcu::testing {

/// The sample pictures, two of them with a person, as COCO describes pictures.
inline nlohmann::json annotations_of_samples() {
  nlohmann::json coco = {
      {"images", nlohmann::json::array()},
      {"annotations", nlohmann::json::array()},
      {"categories", {{{"id", 1}, {"name", "person"}}, {{"id", 17}, {"name", "cat"}}}}};
  int id = 0;
  for (const char* name : {"astronaut.jpg", "camera.jpg", "chelsea.png", "coffee.jpg"}) {
    coco["images"].push_back({{"id", ++id}, {"file_name", name}, {"height", 500}, {"width", 500}});
  }
  const auto object = [&coco](int image, int category) {
    coco["annotations"].push_back({{"id", image},
                                   {"image_id", image},
                                   {"category_id", category},
                                   {"bbox", {10, 10, 300, 400}},
                                   {"area", 50'000},
                                   {"iscrowd", 0}});
  };
  object(1, 1);
  object(2, 1);
  object(3, 17);
  return coco;
}

}  // namespace coco_mcu::testing
