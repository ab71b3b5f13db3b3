#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cli/embedded_model.h"
#include "cli/model_facts.h"
#include "cli/report_sections.h"
#include "dataset/image.h"
#include "evaluation/metrics.h"

namespace coco_mcu::cli {
namespace {

using report::PageSection;

report::RocCurve roc_of(const std::string& name, const Measured& measured) {
  report::RocCurve curve{name, {}, {}};
  for (const evaluation::RocPoint& point : evaluation::roc_curve(measured.decided.predictions)) {
    curve.points.push_back({point.false_positive_rate, point.true_positive_rate});
  }
  curve.chosen = {1 - measured.metrics.true_negative_rate.value_or(1),
                  measured.metrics.true_positive_rate.value_or(0)};
  return curve;
}

report::PageTable confusion_of(const std::string& name, const evaluation::Confusion& counts) {
  return {
      fmt::format("Confusion of {}", name),
      {"in truth", "said \"person\"", "said \"no person\""},
      {{"a person", std::to_string(counts.true_positives), std::to_string(counts.false_negatives)},
       {"no person", std::to_string(counts.false_positives),
        std::to_string(counts.true_negatives)}}};
}

/// Of a file or folder, the latter perhaps with a slash behind it.
std::string last_name(const std::filesystem::path& path) {
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

/// The picture, its short side about as large as the page shows it.
std::vector<std::uint8_t> thumbnail(const std::filesystem::path& file) {
  constexpr int kSide = 180;  // pixels
  constexpr int kQuality = 80;
  const dataset::Image image = dataset::read_image(file);
  const double scale =
      std::min(1.0, static_cast<double>(kSide) / std::min(image.height, image.width));
  const auto side = [scale](int pixels) { return std::max(1, static_cast<int>(scale * pixels)); };
  return dataset::encode_jpeg(
      dataset::prepare(image, {.height = side(image.height), .width = side(image.width)}),
      kQuality);
}

PageSection mistakes(const NamedPictures& set, const Measured& measured) {
  constexpr std::size_t kShown = 12;
  const std::int64_t wrong =
      measured.metrics.confusion.total() - measured.metrics.confusion.correct();
  PageSection section{.title = "Worst mistakes: " + set.name};
  if (wrong == 0) {
    section.paragraphs = {"None: every picture was decided rightly."};
    return section;
  }
  for (const evaluation::Prediction& each : evaluation::worst_mistakes(
           measured.decided.predictions, measured.metrics.threshold, kShown)) {
    const auto at = static_cast<std::size_t>(
        std::ranges::find(set.pictures.labels, each.name, &dataset::LabelledPicture::file_name) -
        set.pictures.labels.begin());
    section.pictures.push_back(
        {thumbnail(set.pictures.files.at(at)), each.name,
         fmt::format("{}: probability of a person {:.4f}",
                     each.person ? "person missed" : "false alarm", each.person_probability)});
  }
  section.paragraphs = {
      fmt::format("{} of {} wrong decisions, those that were surest of themselves.",
                  section.pictures.size(), wrong)};
  return section;
}

PageSection accuracy_section(const NamedPictures& set, const Threshold& threshold,
                             const Measured& measured, const std::string& against,
                             const std::optional<Measured>& reference) {
  constexpr const char* kName = "this model";
  PageSection section{.title = "Accuracy: " + set.name};
  section.paragraphs = {
      fmt::format("This model says \"person\" {} in probability; the dots on the curves are where "
                  "the thresholds lie.",
                  threshold_text(threshold)),
      "In brackets: 95 % intervals, Wilson's of the share and Hanley and McNeil's of the AUC."};
  report::PageTable table{"", accuracy_columns(), {accuracy_cells(kName, measured.metrics)}};
  std::vector<report::PageTable> more = {confusion_of(kName, measured.metrics.confusion)};
  std::vector<report::RocCurve> curves = {roc_of(kName, measured)};
  if (reference) {
    table.rows.push_back(accuracy_cells(against, reference->metrics));
    more.push_back(confusion_of(against, reference->metrics.confusion));
    more.push_back({"McNemar's exact test on the same pictures",
                    paired_columns(),
                    {paired_cells(measured, *reference)}});
    curves.push_back(roc_of(against, *reference));
  }
  section.tables.push_back(std::move(table));
  section.tables.insert(section.tables.end(), more.begin(), more.end());
  if (measured.metrics.area_under_roc) section.drawings = {report::roc_svg(curves)};
  return section;
}

}  // namespace

void add_accuracy(report::ModelPage& page, const std::string& file, const std::string& against,
                  const std::vector<NamedPictures>& sets) {
  if (sets.empty()) {
    page.sections.push_back(
        {.title = "Accuracy",
         .paragraphs = {"Not measured: no annotated pictures were given (--annotations, "
                        "--images)."}});
    return;
  }
  NetworkOptions network;
  network.model = file;
  const Detector model = open_detector(network);
  const std::optional<Detector> reference = open_reference(against);
  const std::string other = last_name(against);
  for (const NamedPictures& set : sets) {
    const Measured measured = measure("report", model, set.pictures);
    std::optional<Measured> beside;
    if (reference) beside = measure("report", *reference, set.pictures);
    page.figures.push_back(
        {accuracy_text(measured.metrics),
         fmt::format("right of {} in {}", measured.metrics.confusion.total(), set.name)});
    page.sections.push_back(accuracy_section(set, model.threshold, measured, other, beside));
    page.sections.push_back(mistakes(set, measured));
  }
}

}  // namespace coco_mcu::cli
