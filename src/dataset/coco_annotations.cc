#include "dataset/coco_annotations.h"

#include <utility>

#include "dataset/annotated_examples.h"

namespace coco_mcu::dataset {
namespace {

std::vector<LabelledPicture> labels_of(std::vector<Example> examples) {
  std::vector<LabelledPicture> pictures;
  pictures.reserve(examples.size());
  for (Example& example : examples) {
    pictures.push_back({example.id, std::move(example.file_name), example.height, example.width,
                        example.label.value_or(false)});
  }
  return pictures;
}

}  // namespace

std::vector<LabelledPicture> read_labels(std::istream& annotations, std::string_view name,
                                         const VisualWakeWords& rule) {
  return labels_of(read_annotated_examples(annotations, name, rule));
}

std::vector<LabelledPicture> read_labels(const std::filesystem::path& annotations,
                                         const VisualWakeWords& rule) {
  return labels_of(read_annotated_examples(annotations, rule));
}

}  // namespace coco_mcu::dataset
