// Annotated pictures, as the command line names them, and what a network says of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "dataset/coco_annotations.h"
#include "evaluation/decide.h"
#include "evaluation/metrics.h"

namespace coco_mcu::cli {

struct AnnotationOptions {
  std::string annotations;  // COCO instances JSON
  std::string images;       // folder
  std::string class_name = "person";
  double min_area = 0.005;
  std::string area = "box";
};

/// Adds --annotations, --images, --class, --min-area and --area.
void add_annotation_options(Command& command, AnnotationOptions& options);

struct AnnotatedPictures {
  std::vector<dataset::LabelledPicture> labels;
  std::vector<std::filesystem::path> files;  // as many
};

/// Throws std::runtime_error where the annotations cannot be used, name no pictures, or one that is
/// not in the folder.
AnnotatedPictures read_annotated_pictures(const AnnotationOptions& options);

/// `count` of the annotated pictures, spread over all of them; all where there are no more.
std::vector<std::filesystem::path> spread_pictures(const AnnotationOptions& options,
                                                   std::size_t count);

struct DecidedPictures {
  std::vector<evaluation::Prediction> predictions;
  double seconds = 0.0;  // that all of it took
};

/// Decides on all of them and shows how far it has come as `activity`. Throws std::runtime_error
/// for a picture that cannot be read.
DecidedPictures decide_all(const std::string& activity, const evaluation::Decider& decider,
                           const AnnotatedPictures& pictures);

}  // namespace coco_mcu::cli
