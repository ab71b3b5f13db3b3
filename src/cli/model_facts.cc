#include "cli/model_facts.h"

#include <filesystem>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "cli/output.h"
#include "core/weight_format.h"
#include "report/table.h"

namespace coco_mcu::cli {

using report::thousands;

Rows size_rows(const model::ModelFile& file, const ModelSummary& summary) {
  const model::View model = file.view();
  return {{"network", std::string(model.network())},
          {"file", thousands(static_cast<std::int64_t>(file.bytes().size())) + " bytes"},
          {"weights", fmt::format("{} in {} bytes", thousands(summary.total.weights),
                                  thousands(summary.total.weight_bytes))},
          {"multiply-accumulates", thousands(summary.total.macs)},
          {"RAM of its plan", thousands(model.arena_bytes()) + " bytes"},
          {"input",
           fmt::format("{}x{} RGB", model.preprocessing().height, model.preprocessing().width)}};
}

Cells format_columns() {
  return {"layers", "number", "weight format", "weights", "bytes", "MACs"};
}

Rows format_rows(const ModelSummary& summary) {
  std::map<std::pair<std::string, std::string>, CostSummary> kinds;  // by operation and format
  for (const LayerSummary& each : summary.layers) {
    if (!model::has_weights(each.layer.kind)) continue;
    kinds[{std::string(model::kind_name(each.layer.kind)),
           std::string(core::format_name(each.layer.format))}]
        .add(each);
  }
  Rows rows;
  for (const auto& [kind, sum] : kinds) {
    rows.push_back({kind.first, std::to_string(sum.layers), kind.second, thousands(sum.weights),
                    thousands(sum.weight_bytes), thousands(sum.macs)});
  }
  return rows;
}

std::string bits_text(const ModelSummary& summary) {
  std::string bits;
  for (const auto& [width, sum] : summary.by_bits) {
    bits += fmt::format("{}{} bits in {} layers", bits.empty() ? "" : ", ", width, sum.layers);
  }
  return bits;
}

Rows provenance_rows(const model::View& model) {
  Rows rows;
  for (int i = 0; i < model.provenance_count(); ++i) {
    rows.push_back({model.provenance(i).key, model.provenance(i).value});
  }
  return rows;
}

std::vector<AnnotatedPictures> read_picture_sets(const std::vector<std::string>& annotations,
                                                 const std::vector<std::string>& images) {
  if (annotations.size() != images.size()) {
    throw UsageError(fmt::format(
        "--annotations names {} files and --images {} folders; give one folder for each file",
        annotations.size(), images.size()));
  }
  std::vector<AnnotatedPictures> sets;
  for (std::size_t i = 0; i < annotations.size(); ++i) {
    AnnotationOptions annotation;
    annotation.annotations = annotations[i];
    annotation.images = images[i];
    sets.push_back(read_annotated_pictures(annotation));
  }
  return sets;
}

Measured measure(const std::string& activity, const Detector& detector,
                 const AnnotatedPictures& pictures) {
  Measured measured;
  measured.decided = decide_all(activity, *detector.decider, pictures);
  measured.metrics =
      evaluation::evaluate(measured.decided.predictions, detector.threshold.exclusive());
  return measured;
}

std::optional<Detector> open_reference(const std::string& path) {
  if (path.empty()) return std::nullopt;
  NetworkOptions network;
  (std::filesystem::is_directory(path) ? network.checkpoint : network.model) = path;
  return open_detector(network);
}

std::string threshold_text(const Threshold& threshold) {
  return fmt::format("{} {:.6g}", threshold.is_inclusive ? "from" : "above", threshold.probability);
}

Cells accuracy_columns() {
  return {"network", "n", "right", "share", "AUC", "cross entropy"};
}

std::string accuracy_text(const evaluation::Metrics& metrics) {
  return fmt::format("{} [{}, {}]", percent(metrics.accuracy),
                     percent(metrics.accuracy_interval.low),
                     percent(metrics.accuracy_interval.high));
}

Cells accuracy_cells(const std::string& network, const evaluation::Metrics& metrics) {
  return {network,
          std::to_string(metrics.confusion.total()),
          std::to_string(metrics.confusion.correct()),
          accuracy_text(metrics),
          metrics.area_under_roc
              ? fmt::format("{:.3f} [{:.3f}, {:.3f}]", *metrics.area_under_roc,
                            metrics.area_interval->low, metrics.area_interval->high)
              : "one class is missing",
          fmt::format("{:.3f}", metrics.cross_entropy)};
}

Cells confusion_columns() {
  return {"persons found", "persons missed", "false alarms", "rightly none"};
}

Cells confusion_cells(const evaluation::Confusion& counts) {
  return {std::to_string(counts.true_positives), std::to_string(counts.false_negatives),
          std::to_string(counts.false_positives), std::to_string(counts.true_negatives)};
}

Cells paired_columns() {
  return {"both right", "only this model", "only the other", "both wrong", "p"};
}

Cells paired_cells(const Measured& model, const Measured& reference) {
  const evaluation::PairedTest test =
      evaluation::paired_test(model.decided.predictions, reference.decided.predictions,
                              model.metrics.threshold, reference.metrics.threshold);
  return {std::to_string(test.both_right), std::to_string(test.only_first_right),
          std::to_string(test.only_second_right), std::to_string(test.both_wrong),
          fmt::format("{:.3g}", test.p_value)};
}

}  // namespace coco_mcu::cli
