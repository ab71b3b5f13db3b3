#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/backends.h"
#include "cli/commands.h"
#include "cli/embedded_model.h"
#include "cli/model_summary.h"
#include "cli/output.h"
#include "core/weight_format.h"
#include "engine/engine.h"
#include "model/model_file.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

using report::thousands;

struct Options {
  std::string file;
  bool json = false;
};

std::string shape_text(const model::OperatorAttributes& layer) {
  return fmt::format("{}x{}x{}", layer.height, layer.width, layer.channels);
}

std::string resize_name(core::Resize resize) {
  return resize == core::Resize::kLegacyBilinear ? "legacy_bilinear" : "bilinear";
}

double threshold_of(const model::View& model) {
  return static_cast<double>(model.threshold()) / model::kProbabilityOne;
}

Json layer_json(const LayerSummary& summary) {
  const model::OperatorView& layer = summary.layer;
  Json object = {{"name", layer.name},
                 {"op", model::kind_name(layer.kind)},
                 {"output", {layer.height, layer.width, layer.channels}},
                 {"weights", summary.weights},
                 {"bytes", summary.weight_bytes},
                 {"macs", summary.macs},
                 {"kernel_name", summary.kernel_name}};
  if (model::has_weights(layer.kind)) {
    object["bits"] = core::weight_bits(layer.format);
    object["format"] = core::format_name(layer.format);
  }
  if (!window_text(layer).empty()) {
    object["kernel"] = layer.kernel;
    object["stride"] = layer.stride;
    object["padding"] = layer.padding;
  }
  if (layer.kind != model::OperatorKind::kSoftmax) {
    object["scale"] = layer.scale;
    object["zero_point"] = layer.zero_point;
  }
  return object;
}

Json preprocessing_json(const core::Preprocessing& preprocessing) {
  return {{"height", preprocessing.height},
          {"width", preprocessing.width},
          {"resize", resize_name(preprocessing.resize)},
          {"mean", preprocessing.mean},
          {"deviation", preprocessing.deviation}};
}

Json to_json(const model::ModelFile& file, const ModelSummary& summary) {
  const model::View model = file.view();
  Json labels = Json::array();
  for (int i = 0; i < model.label_count(); ++i) labels.push_back(model.label(i));
  Json provenance = Json::object();
  for (int i = 0; i < model.provenance_count(); ++i) {
    provenance[model.provenance(i).key] = model.provenance(i).value;
  }
  Json arenas = Json::object();
  for (const kernels::Backend* backend : supported_backends()) {
    arenas[backend->name] = engine::arena_bytes(model, *backend);
  }
  Json layers = Json::array();
  for (const LayerSummary& layer : summary.layers) layers.push_back(layer_json(layer));
  return {{"network", model.network()},
          {"file_bytes", file.bytes().size()},
          {"weights", summary.total.weights},
          {"weight_bytes", summary.total.weight_bytes},
          {"macs", summary.total.macs},
          {"peak_ram_bytes", model.arena_bytes()},
          {"arena_bytes", std::move(arenas)},
          {"preprocessing", preprocessing_json(model.preprocessing())},
          {"labels", std::move(labels)},
          {"decision_label", model.label(model.decision_label())},
          {"threshold", threshold_of(model)},
          {"golden_decision", model.golden_decision()},
          {"provenance", std::move(provenance)},
          {"layers", std::move(layers)}};
}

std::string labels_text(const model::View& model) {
  std::string labels;
  for (int i = 0; i < model.label_count(); ++i) {
    labels += fmt::format("{}{}", labels.empty() ? "" : ", ", model.label(i));
  }
  return fmt::format("{}; \"{}\" from probability {:.6g} on", labels,
                     model.label(model.decision_label()), threshold_of(model));
}

/// What concerns the model as a whole, a line each.
std::string header_table(const model::ModelFile& file) {
  const model::View model = file.view();
  const core::Preprocessing preprocessing = model.preprocessing();
  report::Table table({{"", report::Align::kLeft}, {"", report::Align::kLeft}});
  table.row({"network", model.network()});
  table.row({"file", thousands(static_cast<std::int64_t>(file.bytes().size())) + " bytes"});
  table.row({"input", fmt::format("{}x{} RGB, resized by {}", preprocessing.height,
                                  preprocessing.width, resize_name(preprocessing.resize))});
  table.row({"labels", labels_text(model)});
  table.row({"peak RAM", thousands(model.arena_bytes()) + " bytes, as planned"});
  for (const kernels::Backend* backend : supported_backends()) {
    const auto bytes = static_cast<std::int64_t>(engine::arena_bytes(model, *backend));
    table.row(
        {"", fmt::format("{} bytes on this machine with {}", thousands(bytes), backend->name)});
  }
  table.row(
      {"golden", fmt::format("the test input is {}\"{}\"", model.golden_decision() ? "" : "not ",
                             model.label(model.decision_label()))});
  for (int i = 0; i < model.provenance_count(); ++i) {
    table.row({model.provenance(i).key, model.provenance(i).value});
  }
  return table.text();
}

/// Nothing where there is nothing to count.
std::string count_text(std::int64_t count) {
  return count == 0 ? std::string() : thousands(count);
}

std::string layer_table(const ModelSummary& summary) {
  using report::Align;
  report::Table table({{"layer", Align::kLeft},
                       {"operation", Align::kLeft},
                       {"output", Align::kRight},
                       {"format", Align::kLeft},
                       {"weights", Align::kRight},
                       {"bytes", Align::kRight},
                       {"MACs", Align::kRight},
                       {"kernel on this machine", Align::kLeft}});
  for (const LayerSummary& each : summary.layers) {
    const model::OperatorView& layer = each.layer;
    const std::string window = window_text(layer);
    const bool has_weights = model::has_weights(layer.kind);
    table.row(
        {layer.name,
         fmt::format("{}{}{}", model::kind_name(layer.kind), window.empty() ? "" : " ", window),
         shape_text(layer), has_weights ? std::string(core::format_name(layer.format)) : "",
         count_text(each.weights), count_text(each.weight_bytes), count_text(each.macs),
         each.kernel_name});
  }
  const auto sum_row = [](const std::string& name, const CostSummary& sum) {
    return std::vector<std::string>{name,
                                    fmt::format("{} layers", sum.layers),
                                    "",
                                    "",
                                    thousands(sum.weights),
                                    thousands(sum.weight_bytes),
                                    thousands(sum.macs)};
  };
  for (const auto& [bits, sum] : summary.by_bits) {
    table.total(sum_row(fmt::format("{}-bit weights", bits), sum));
  }
  table.total(sum_row("total", summary.total));
  return table.text();
}

void inspect(const Options& options) {
  const model::ModelFile file = open_model(options.file);
  const ModelSummary summary = summarize(file.view(), kernels::best_backend());
  if (options.json) {
    print_json_line(to_json(file, summary));
  } else {
    print_line(header_table(file));
    print_line(layer_table(summary));
  }
}

}  // namespace

void add_inspect(CommandLine& program) {
  Command command = program.command("inspect", "Print an integer model's layers and what it costs");
  auto options = std::make_shared<Options>();
  command.text("FILE", options->file,
               "Integer model, a .cmcu file (default: the one built into this program)");
  command.flag(
      "--json", options->json,
      "Print one JSON object: file_bytes, weight_bytes, macs, peak_ram_bytes, layers, ...");
  command.example("  coco-mcu inspect model.cmcu");
  command.action([options] { inspect(*options); });
}

}  // namespace coco_mcu::cli
