#include "cli/annotated_pictures.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <fmt/format.h>

#include "report/progress.h"

namespace coco_mcu::cli {
namespace {

constexpr int kBatchSize = 4;  // fastest for float networks of this size: activations stay in cache

/// The annotated pictures as files; throws where one is not there.
std::vector<std::filesystem::path> files_of(const std::vector<dataset::LabelledPicture>& pictures,
                                            const AnnotationOptions& options) {
  std::vector<std::filesystem::path> files;
  std::vector<std::string> missing;
  for (const dataset::LabelledPicture& picture : pictures) {
    files.push_back(std::filesystem::path(options.images) / picture.file_name);
    if (!std::filesystem::exists(files.back())) missing.push_back(picture.file_name);
  }
  if (!missing.empty()) {
    throw std::runtime_error(fmt::format(
        "{}: names {} pictures of which {} are not in {}, the first is {}; is it the right folder?",
        options.annotations, pictures.size(), missing.size(), options.images, missing.front()));
  }
  return files;
}

}  // namespace

void add_annotation_options(Command& command, AnnotationOptions& options) {
  command.required_text("--annotations", options.annotations, "COCO instances JSON");
  command.required_text("--images", options.images, "Folder of the pictures it names");
  command.text("--class", options.class_name, "Category to look for (default person)");
  command.share("--min-area", options.min_area,
                "A picture shows the class when one object covers more than this share of it "
                "(default 0.005)");
  command.choice("--area", options.area, {"box", "segmentation"},
                 "Area of an object: box (default; crowds count) or segmentation, as TensorFlow's "
                 "data-set builder takes it");
}

AnnotatedPictures read_annotated_pictures(const AnnotationOptions& options) {
  const auto area =
      options.area == "box" ? dataset::ObjectArea::kBox : dataset::ObjectArea::kSegmentation;
  AnnotatedPictures pictures;
  pictures.labels =
      dataset::read_labels(options.annotations, {options.class_name, options.min_area, area});
  if (pictures.labels.empty()) {
    throw std::runtime_error(
        fmt::format("{}: names no pictures; give annotations of some", options.annotations));
  }
  pictures.files = files_of(pictures.labels, options);
  return pictures;
}

std::vector<std::filesystem::path> spread_pictures(const AnnotationOptions& options,
                                                   std::size_t count) {
  const auto files = read_annotated_pictures(options).files;
  count = std::min(count, files.size());
  std::vector<std::filesystem::path> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(files[i * files.size() / count]);
  return chosen;
}

DecidedPictures decide_all(const std::string& activity, const evaluation::Decider& decider,
                           const AnnotatedPictures& pictures) {
  using Clock = std::chrono::steady_clock;
  DecidedPictures result;
  report::Progress progress(activity, static_cast<std::int64_t>(pictures.files.size()));
  const Clock::time_point start = Clock::now();
  evaluation::decide_files(decider, pictures.files, {.threads = 0, .batch_size = kBatchSize},
                           [&](const evaluation::Decision& decision) {
                             if (!decision.error.empty()) throw std::runtime_error(decision.error);
                             const auto& picture = pictures.labels[decision.index];
                             result.predictions.push_back(
                                 {picture.file_name, decision.person_probability, picture.label});
                             progress.advance();
                           });
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  progress.finish();
  return result;
}

}  // namespace coco_mcu::cli
