#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/annotated_pictures.h"
#include "cli/commands.h"
#include "cli/layer_noise.h"
#include "cli/network_options.h"
#include "cli/output.h"
#include "cli/reduced_checkpoint.h"
#include "evaluation/metrics.h"
#include "kernels/kernels.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

struct Options {
  std::string checkpoint;
  std::string model;
  AnnotationOptions annotations;
  int pictures = 16;
  bool json = false;
};

/// One of the two networks on all pictures.
struct Side {
  std::string name;  // as the command line names it
  std::vector<evaluation::Prediction> predictions;
  evaluation::Metrics metrics;
};

struct Comparison {
  Side checkpoint;
  Side model;
  std::int64_t pictures = 0;
  std::int64_t agreeing = 0;  // pictures on which both say the same
  evaluation::Interval agreement;
  evaluation::PairedTest test;
  std::vector<LayerNoise> layers;
};

/// Both sides decide by the model's threshold: with 8-bit logits a probability of just .5 is no
/// rarity.
Side decide(const std::string& name, const Detector& detector, const Threshold& threshold,
            const AnnotatedPictures& pictures) {
  Side side;
  side.name = name;
  side.predictions = decide_all(name, *detector.decider, pictures).predictions;
  side.metrics = evaluation::evaluate(side.predictions, threshold.exclusive());
  return side;
}

bool says_person(const Side& side, std::size_t picture) {
  return evaluation::decides_person(side.predictions[picture].person_probability,
                                    side.metrics.threshold);
}

/// Everything but the layers.
Comparison compare_decisions(Side checkpoint, Side model) {
  Comparison result;
  result.pictures = static_cast<std::int64_t>(model.predictions.size());
  for (std::size_t i = 0; i < model.predictions.size(); ++i) {
    if (says_person(checkpoint, i) == says_person(model, i)) ++result.agreeing;
  }
  result.agreement = evaluation::wilson_interval(result.agreeing, result.pictures);
  result.test = evaluation::paired_test(checkpoint.predictions, model.predictions,
                                        checkpoint.metrics.threshold, model.metrics.threshold);
  result.checkpoint = std::move(checkpoint);
  result.model = std::move(model);
  return result;
}

std::string interval_text(const evaluation::Interval& interval) {
  return fmt::format("[{}, {}]", percent(interval.low), percent(interval.high));
}

std::string decision_table(const Comparison& comparison) {
  using report::Align;
  report::Table table({{"", Align::kLeft},
                       {"right", Align::kRight},
                       {"accuracy", Align::kRight},
                       {"95 % interval", Align::kRight},
                       {"AUC", Align::kRight}});
  for (const Side* side : {&comparison.checkpoint, &comparison.model}) {
    const evaluation::Metrics& metrics = side->metrics;
    table.row({side->name,
               fmt::format("{} of {}", metrics.confusion.correct(), metrics.confusion.total()),
               percent(metrics.accuracy), interval_text(metrics.accuracy_interval),
               metrics.area_under_roc ? fmt::format("{:.4f}", *metrics.area_under_roc) : "-"});
  }
  return table.text();
}

std::string layer_table(const std::vector<LayerNoise>& layers) {
  constexpr double kDecibelsPerMark = 2.0;
  using report::Align;
  report::Table table({{"layer", Align::kLeft}, {"dB", Align::kRight}, {"", Align::kLeft}});
  for (const LayerNoise& layer : layers) {
    if (!layer.decibels) {
      table.row({layer.layer, "", layer.reason});
      continue;
    }
    const double marks = std::max(0.0, *layer.decibels / kDecibelsPerMark);
    table.row({layer.layer, fmt::format("{:.1f}", *layer.decibels),
               std::string(static_cast<std::size_t>(marks), '#')});
  }
  return table.text();
}

void print_text(const Comparison& comparison, int pictures_of_layers) {
  const double share =
      static_cast<double>(comparison.agreeing) / static_cast<double>(comparison.pictures);
  print_line(fmt::format("Decisions agree on {} of {} pictures: {}, 95 % interval {}",
                         comparison.agreeing, comparison.pictures, percent(share),
                         interval_text(comparison.agreement)));
  print_line(fmt::format("Right on just one side: checkpoint {}, model {}; McNemar p = {:.3g}\n",
                         comparison.test.only_first_right, comparison.test.only_second_right,
                         comparison.test.p_value));
  print_line(decision_table(comparison));
  if (comparison.layers.empty()) return;
  print_line(
      fmt::format("Signal to quantization noise of each layer, {} pictures:", pictures_of_layers));
  print_line(layer_table(comparison.layers));
}

Json side_json(const Side& side) {
  const evaluation::Metrics& metrics = side.metrics;
  return {{"accuracy", metrics.accuracy},
          {"ci95", {metrics.accuracy_interval.low, metrics.accuracy_interval.high}},
          {"auc", or_null(metrics.area_under_roc)}};
}

Json to_json(const Comparison& comparison) {
  Json layers = Json::array();
  for (const LayerNoise& layer : comparison.layers) {
    Json object = {{"name", layer.layer}, {"sqnr_db", or_null(layer.decibels)}};
    if (!layer.reason.empty()) object["reason"] = layer.reason;
    layers.push_back(std::move(object));
  }
  return {{"n", comparison.pictures},
          {"agree", comparison.agreeing},
          {"agreement",
           static_cast<double>(comparison.agreeing) / static_cast<double>(comparison.pictures)},
          {"agreement_ci95", {comparison.agreement.low, comparison.agreement.high}},
          {"checkpoint_right", comparison.checkpoint.metrics.confusion.correct()},
          {"model_right", comparison.model.metrics.confusion.correct()},
          {"only_checkpoint_right", comparison.test.only_first_right},
          {"only_model_right", comparison.test.only_second_right},
          {"p_value", comparison.test.p_value},
          {"checkpoint", side_json(comparison.checkpoint)},
          {"model", side_json(comparison.model)},
          {"layers", std::move(layers)}};
}

void compare(const Options& options) {
  const AnnotatedPictures pictures = read_annotated_pictures(options.annotations);
  const Detector model = open_detector({.model = options.model});
  const Detector checkpoint = open_detector({.checkpoint = options.checkpoint});
  if (checkpoint.decider->preprocessing() != model.decider->preprocessing()) {
    throw std::runtime_error(
        fmt::format("{}: does not read pictures as {} does; lower the model from this checkpoint",
                    options.checkpoint, options.model));
  }
  Comparison comparison =
      compare_decisions(decide("checkpoint", checkpoint, model.threshold, pictures),
                        decide("model", model, model.threshold, pictures));
  const auto shown = std::min(pictures.files.size(), static_cast<std::size_t>(options.pictures));
  if (shown > 0) {
    const auto reduced =
        read_reduced_checkpoint(options.checkpoint, recorded_reduction(*model.model)).open();
    comparison.layers = measure_noise(*reduced, *model.model, kernels::best_backend(),
                                      std::span(pictures.files).first(shown));
  }
  if (options.json) {
    print_json_line(to_json(comparison));
  } else {
    print_text(comparison, static_cast<int>(shown));
  }
}

}  // namespace

void add_compare(CommandLine& program) {
  Command command = program.command(
      "compare", "Hold an integer model against the float checkpoint it was lowered from");
  auto options = std::make_shared<Options>();
  command.required_text("--checkpoint", options->checkpoint, "Folder of the float checkpoint");
  command.required_text("--model", options->model, "Integer model, a .cmcu file");
  add_annotation_options(command, options->annotations);
  command.count("--pictures", options->pictures,
                "Compare the tensors of each layer, too, on that many of the pictures (default "
                "16; 0: decisions alone)");
  command.flag(
      "--json", options->json,
      "Print one JSON object: n, agree, agreement, checkpoint_right, model_right, p_value, "
      "layers, ...");
  command.example(
      "  coco-mcu compare --checkpoint checkpoint --model model.cmcu --annotations "
      "instances_val2017.json --images val2017");
  command.action([options] { compare(*options); });
}

}  // namespace coco_mcu::cli
