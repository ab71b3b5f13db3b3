// What a data set holds, counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataset/build.h"
#include "dataset/picture_source.h"

namespace coco_mcu::dataset {

/// Smallest, middle (the lower of two) and largest of a list; zeros where it is empty.
struct Spread {
  std::int64_t smallest = 0;
  std::int64_t middle = 0;
  std::int64_t largest = 0;
};

struct DataSetStatistics {
  std::int64_t pictures = 0;  // all of them, readable or not
  std::int64_t labelled = 0;
  std::int64_t with_class = 0;  // among the labelled
  std::int64_t weakly_positive = 0;
  std::int64_t bytes = 0;
  Spread short_side;         // pixels, of readable pictures as decoded
  Spread long_side;          // pixels
  std::int64_t objects = 0;  // of any class
  std::int64_t objects_of_class = 0;
  Spread objects_per_picture;
  struct Duplicate {
    std::string file;
    std::string same_as;
    bool other_label = false;
  };
  std::vector<Duplicate> duplicates;
  std::vector<std::string> unreadable;  // one message for each, with file and remedy
};

/// Reads and decodes every picture on `threads` threads (0: one for each core).
DataSetStatistics count_pictures(const PictureSource& pictures, int threads,
                                 const WorkProgress& progress);

}  // namespace coco_mcu::dataset
