// tf.train.Example with the features, names and types that TensorFlow's slim builder of the Visual
// Wake Words data set writes.
//
//   image/encoded, image/format, image/filename, image/source_id, image/key/sha256,
//   image/class/text                               bytes
//   image/height, image/width, image/class/label   int64
//   image/object/bbox/{xmin,ymin,xmax,ymax}        float, normalized
//   image/object/area                              float, pixels
//   image/object/class/label                       int64, 1 for the class, else 0
//
// A picture without label has no image/class/label and image/class/text. One that is probably of
// the class has image/class/weak, int64 1.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dataset/example.h"

namespace coco_mcu::dataset {

/// Serialized Example; features in the order of their names, so that equal examples are equal
/// bytes.
std::vector<std::uint8_t> serialize_example(const Example& example);

/// Accepts features in any order and further ones. `name` stands in the messages ("FILE, record
/// 12"). Throws std::runtime_error: not an Example, a feature that is missing or not of its type,
/// lists of boxes of different lengths.
Example parse_example(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace coco_mcu::dataset
