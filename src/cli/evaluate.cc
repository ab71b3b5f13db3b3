#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/float_decider.h"
#include "cli/output.h"
#include "dataset/coco_annotations.h"
#include "evaluation/metrics.h"
#include "report/progress.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

constexpr int kBatchSize = 4;  // fastest for float networks of this size: activations stay in cache
constexpr std::size_t kMistakesShown = 10;

struct Options {
  std::string checkpoint;
  std::string annotations;
  std::string images;
  double threshold = 0.5;
  bool json = false;
  std::string class_name = "person";
  double min_area = 0.005;
  std::string area = "box";
};

struct Result {
  std::vector<evaluation::Prediction> predictions;
  double seconds = 0.0;
};

/// The annotated pictures as files; throws where one is not there.
std::vector<std::filesystem::path> files_of(const std::vector<dataset::LabelledPicture>& pictures,
                                            const Options& options) {
  if (pictures.empty()) {
    throw std::runtime_error(
        fmt::format("{}: names no pictures; give annotations of some", options.annotations));
  }
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

Result decide_all(const FloatDecider& decider, const std::vector<std::filesystem::path>& files,
                  const std::vector<dataset::LabelledPicture>& pictures) {
  using Clock = std::chrono::steady_clock;
  Result result;
  report::Progress progress("evaluate", static_cast<std::int64_t>(files.size()));
  const Clock::time_point start = Clock::now();
  evaluation::decide_files(decider, files, {.threads = 0, .batch_size = kBatchSize},
                           [&](const evaluation::Decision& decision) {
                             if (!decision.error.empty()) throw std::runtime_error(decision.error);
                             const dataset::LabelledPicture& picture = pictures[decision.index];
                             result.predictions.push_back(
                                 {picture.file_name, decision.person_probability, picture.label});
                             progress.advance();
                           });
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  progress.finish();
  return result;
}

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100.0 * share);
}

std::string percent(const std::optional<double>& share) {
  return share ? percent(*share) : "no such picture";
}

void print_text(const Result& result, const evaluation::Metrics& metrics, const Options& options) {
  const evaluation::Confusion& confusion = metrics.confusion;
  fmt::print("{} of {} right: {}, 95 % interval [{}, {}]\n", confusion.correct(), confusion.total(),
             percent(metrics.accuracy), percent(metrics.accuracy_interval.low),
             percent(metrics.accuracy_interval.high));
  fmt::print("AUC {}, cross entropy {:.3f}, threshold {}\n",
             metrics.area_under_roc ? fmt::format("{:.3f}", *metrics.area_under_roc)
                                    : "not defined: one class is missing",
             metrics.cross_entropy, metrics.threshold);
  fmt::print("true positive rate {}, true negative rate {}\n\n",
             percent(metrics.true_positive_rate), percent(metrics.true_negative_rate));
  using report::Align;
  report::Table table(
      {{"", Align::kLeft}, {"said person", Align::kRight}, {"said no person", Align::kRight}});
  table.row({"person", std::to_string(confusion.true_positives),
             std::to_string(confusion.false_negatives)});
  table.row({"no person", std::to_string(confusion.false_positives),
             std::to_string(confusion.true_negatives)});
  fmt::print("{}\n", table.text());
  const auto mistakes =
      evaluation::worst_mistakes(result.predictions, options.threshold, kMistakesShown);
  if (mistakes.empty()) return;
  fmt::print("Worst mistakes (probability of person, truth):\n");
  for (const evaluation::Prediction& each : mistakes) {
    fmt::print("  {:.4f}  {:<9}  {}\n", each.person_probability,
               each.person ? "person" : "no person", each.name);
  }
}

Json to_json(const Result& result, const evaluation::Metrics& metrics) {
  const auto or_null = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  const evaluation::Confusion& confusion = metrics.confusion;
  return {{"n", confusion.total()},
          {"correct", confusion.correct()},
          {"accuracy", metrics.accuracy},
          {"ci95", {metrics.accuracy_interval.low, metrics.accuracy_interval.high}},
          {"auc", or_null(metrics.area_under_roc)},
          {"tpr", or_null(metrics.true_positive_rate)},
          {"tnr", or_null(metrics.true_negative_rate)},
          {"cross_entropy", metrics.cross_entropy},
          {"threshold", metrics.threshold},
          {"images_per_second", static_cast<double>(confusion.total()) / result.seconds}};
}

void evaluate(const Options& options) {
  const auto area =
      options.area == "box" ? dataset::ObjectArea::kBox : dataset::ObjectArea::kSegmentation;
  const auto pictures =
      dataset::read_labels(options.annotations, {options.class_name, options.min_area, area});
  const auto files = files_of(pictures, options);
  const FloatDecider decider(options.checkpoint);
  const Result result = decide_all(decider, files, pictures);
  const evaluation::Metrics metrics = evaluation::evaluate(result.predictions, options.threshold);
  if (options.json) {
    print_json_line(to_json(result, metrics));
  } else {
    print_text(result, metrics, options);
  }
}

}  // namespace

void add_evaluate(CommandLine& program) {
  Command command =
      program.command("evaluate", "Count how often a network is right on annotated pictures");
  auto options = std::make_shared<Options>();
  command.required_text("--checkpoint", options->checkpoint, "Folder of a float checkpoint");
  command.required_text("--annotations", options->annotations, "COCO instances JSON");
  command.required_text("--images", options->images, "Folder of the pictures it names");
  command.share("--threshold", options->threshold,
                "Person is said above this probability (default 0.5)");
  command.text("--class", options->class_name, "Category to look for (default person)");
  command.share("--min-area", options->min_area,
                "A picture shows the class when one object covers more than this share of it "
                "(default 0.005)");
  command.choice("--area", options->area, {"box", "segmentation"},
                 "Area of an object: box (default; crowds count) or segmentation, as TensorFlow's "
                 "data-set builder takes it");
  command.flag("--json", options->json,
               "Print one JSON object: n, correct, accuracy, ci95, auc, tpr, tnr, "
               "images_per_second, ...");
  command.example(
      "  coco-mcu evaluate --checkpoint checkpoint --annotations instances_val2017.json "
      "--images val2017");
  command.action([options] { evaluate(*options); });
}

}  // namespace coco_mcu::cli
