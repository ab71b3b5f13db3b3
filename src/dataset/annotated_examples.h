// Annotated pictures with their objects, not yet with their bytes.
#pragma once

#include <filesystem>
#include <istream>
#include <string_view>
#include <vector>

#include "dataset/coco_annotations.h"
#include "dataset/example.h"

namespace coco_mcu::dataset {

/// The pictures of a COCO instances file in the file's order, `encoded` empty, labelled by `rule`
/// (read_labels) and with the boxes of all objects: those of the class and others, large and small.
/// Boxes are cut at the picture's edges. In files without boxes for some objects (rules of
/// ObjectArea::kSegmentation alone need none), these count for the label only. Throws
/// std::runtime_error as read_labels does.
std::vector<Example> read_annotated_examples(const std::filesystem::path& annotations,
                                             const VisualWakeWords& rule);

/// The same from a stream; `name` stands in the messages.
std::vector<Example> read_annotated_examples(std::istream& annotations, std::string_view name,
                                             const VisualWakeWords& rule);

}  // namespace coco_mcu::dataset
