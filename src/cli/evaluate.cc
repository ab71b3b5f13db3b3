#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "cli/annotated_pictures.h"
#include "cli/commands.h"
#include "cli/network_options.h"
#include "cli/output.h"
#include "evaluation/metrics.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

constexpr std::size_t kMistakesShown = 10;

struct Options {
  NetworkOptions network;
  AnnotationOptions annotations;
  std::optional<double> threshold;
  bool json = false;
};

std::string rate(const std::optional<double>& share) {
  return share ? percent(*share) : "no such picture";
}

void print_text(const DecidedPictures& decided, const evaluation::Metrics& metrics,
                const Threshold& threshold) {
  const evaluation::Confusion& confusion = metrics.confusion;
  fmt::print("{} of {} right: {}, 95 % interval [{}, {}]\n", confusion.correct(), confusion.total(),
             percent(metrics.accuracy), percent(metrics.accuracy_interval.low),
             percent(metrics.accuracy_interval.high));
  fmt::print("AUC {}, cross entropy {:.3f}, threshold {:.6g}\n",
             metrics.area_under_roc
                 ? fmt::format("{:.3f} [{:.3f}, {:.3f}]", *metrics.area_under_roc,
                               metrics.area_interval->low, metrics.area_interval->high)
                 : "not defined: one class is missing",
             metrics.cross_entropy, threshold.probability);
  fmt::print("true positive rate {}, true negative rate {}\n\n", rate(metrics.true_positive_rate),
             rate(metrics.true_negative_rate));
  using report::Align;
  report::Table table(
      {{"", Align::kLeft}, {"said person", Align::kRight}, {"said no person", Align::kRight}});
  table.row({"person", std::to_string(confusion.true_positives),
             std::to_string(confusion.false_negatives)});
  table.row({"no person", std::to_string(confusion.false_positives),
             std::to_string(confusion.true_negatives)});
  fmt::print("{}\n", table.text());
  const auto mistakes =
      evaluation::worst_mistakes(decided.predictions, metrics.threshold, kMistakesShown);
  if (mistakes.empty()) return;
  fmt::print("Worst mistakes (probability of person, truth):\n");
  for (const evaluation::Prediction& each : mistakes) {
    fmt::print("  {:.4f}  {:<9}  {}\n", each.person_probability,
               each.person ? "person" : "no person", each.name);
  }
}

Json to_json(const DecidedPictures& decided, const evaluation::Metrics& metrics,
             const Threshold& threshold) {
  const evaluation::Confusion& confusion = metrics.confusion;
  return {{"n", confusion.total()},
          {"correct", confusion.correct()},
          {"accuracy", metrics.accuracy},
          {"ci95", {metrics.accuracy_interval.low, metrics.accuracy_interval.high}},
          {"auc", or_null(metrics.area_under_roc)},
          {"auc_ci95", metrics.area_interval
                           ? Json{metrics.area_interval->low, metrics.area_interval->high}
                           : Json()},
          {"tpr", or_null(metrics.true_positive_rate)},
          {"tnr", or_null(metrics.true_negative_rate)},
          {"cross_entropy", metrics.cross_entropy},
          {"threshold", threshold.probability},
          {"images_per_second", static_cast<double>(confusion.total()) / decided.seconds}};
}

void evaluate(const Options& options) {
  check(options.network);
  const AnnotatedPictures pictures = read_annotated_pictures(options.annotations);
  const Detector detector = open_detector(options.network, options.threshold);
  const DecidedPictures decided = decide_all("evaluate", *detector.decider, pictures);
  const evaluation::Metrics metrics =
      evaluation::evaluate(decided.predictions, detector.threshold.exclusive());
  if (options.json) {
    print_json_line(to_json(decided, metrics, detector.threshold));
  } else {
    print_text(decided, metrics, detector.threshold);
  }
}

}  // namespace

void add_evaluate(CommandLine& program) {
  Command command =
      program.command("evaluate", "Count how often a network is right on annotated pictures");
  auto options = std::make_shared<Options>();
  add_network_options(command, options->network);
  add_annotation_options(command, options->annotations);
  add_threshold_option(command, options->threshold);
  command.flag("--json", options->json,
               "Print one JSON object: n, correct, accuracy, ci95, auc, auc_ci95, tpr, tnr, "
               "images_per_second, ...");
  command.example(
      "  coco-mcu evaluate --model model.cmcu --annotations instances_val2017.json "
      "--images val2017");
  command.action([options] { evaluate(*options); });
}

}  // namespace coco_mcu::cli
