#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "model/model_file.h"
#include "model/row_window.h"
#include "model/serialize.h"
#include "planning/planner.h"
#include "report/file.h"
#include "report/plan_drawings.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

using planning::LowerBound;
using planning::ParetoFront;
using planning::PlannedModel;
using report::thousands;

struct Options {
  std::string file;
  std::string ram;
  bool stream_input = false;
  bool hold_input = false;
  bool pareto = false;
  std::string out;
  std::string svg;
  bool json = false;
};

/// "96K", "1M" or a number of bytes.
std::int64_t bytes_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const std::int64_t factor = unit == "K" ? 1024 : unit == "M" ? 1024 * 1024 : 1;
  const bool is_number = error == std::errc() && number > 0 && number < (std::int64_t{1} << 31);
  if (!is_number || (factor == 1 && !unit.empty())) {
    throw UsageError(fmt::format("--ram {}: is no size; give bytes, or 96K for 98,304", text));
  }
  return number * factor;
}

std::string share_text(const PlannedModel& planned) {
  const double share =
      static_cast<double>(planned.recomputed_macs) / static_cast<double>(planned.macs);
  return fmt::format("{} MACs, {} of them again", thousands(planned.macs), percent(share));
}

std::int64_t peak_of(const PlannedModel& planned) {
  return planned.plan.arena_bytes;
}

/// The plan that is asked for: within the budget, or without computing anything again.
const PlannedModel& chosen(const Options& options, const ParetoFront& front) {
  if (options.ram.empty()) return front.front();
  const PlannedModel* planned = planning::within_budget(front, bytes_of(options.ram));
  if (planned != nullptr) return *planned;
  throw std::runtime_error(fmt::format(
      "{}: no plan within {} bytes was found; the smallest takes {} bytes at {}; give it that much",
      options.file, thousands(bytes_of(options.ram)), thousands(peak_of(front.back())),
      share_text(front.back())));
}

const model::Operator& layer_of(const model::IntegerModel& model, const model::PlanStep& step) {
  return model.operators[static_cast<std::size_t>(step.layer)];
}

Json passes_json(const model::IntegerModel& model, const model::Plan& plan) {
  Json passes = Json::array();
  for (const model::PlanPass& pass : plan.passes) {
    Json steps = Json::array();
    for (const model::PlanStep& step : pass) {
      const model::Operator& layer = layer_of(model, step);
      steps.push_back({{"layer", layer.name},
                       {"rows", step.rows},
                       {"height", layer.height},
                       {"offset", step.offset},
                       {"bytes", static_cast<std::size_t>(step.rows) * model::row_bytes(layer)}});
    }
    passes.push_back(std::move(steps));
  }
  return passes;
}

Json point_json(const PlannedModel& planned) {
  return {{"peak_ram_bytes", planned.plan.arena_bytes},
          {"macs", planned.macs},
          {"recomputed_macs", planned.recomputed_macs}};
}

Json to_json(const Options& options, const model::IntegerModel& model, const LowerBound& bound,
             const PlannedModel& planned) {
  Json object = {{"file", options.file},
                 {"network", model.network},
                 {"streams_input", planned.plan.streams_input},
                 {"lower_bound_bytes", bound.bytes},
                 {"lower_bound_reason", bound.reason}};
  object.update(point_json(planned));
  object["passes"] = passes_json(model, planned.plan);
  return object;
}

std::string pass_table(const model::IntegerModel& model, const model::Plan& plan) {
  using report::Align;
  report::Table table({{"layer", Align::kLeft},
                       {"rows kept", Align::kRight},
                       {"of", Align::kRight},
                       {"bytes", Align::kRight},
                       {"at", Align::kRight},
                       {"MACs", Align::kRight}});
  int number = 0;
  for (const model::PlanPass& pass : plan.passes) {
    table.section(fmt::format("pass {}", ++number));
    for (const model::PlanStep& step : pass) {
      const model::Operator& layer = layer_of(model, step);
      const model::Operator& input =
          layer.inputs.empty() ? layer : model.operators[static_cast<std::size_t>(layer.inputs[0])];
      const auto macs = static_cast<std::int64_t>(model::macs(layer, input));
      const auto bytes = static_cast<std::int64_t>(model::row_bytes(layer)) * step.rows;
      table.row({layer.name, std::to_string(step.rows), std::to_string(layer.height),
                 thousands(bytes), thousands(step.offset), macs == 0 ? "" : thousands(macs)});
    }
  }
  return table.text();
}

void print_text(const model::IntegerModel& model, const LowerBound& bound,
                const PlannedModel& planned) {
  print_line(pass_table(model, planned.plan));
  print_line(fmt::format("peak RAM {} bytes, scratch included, picture {}; {}",
                         thousands(peak_of(planned)),
                         planned.plan.streams_input ? "row by row" : "held", share_text(planned)));
  print_line(fmt::format("lower bound {} bytes ({}); the plan is {} above it",
                         thousands(bound.bytes), bound.reason,
                         percent(static_cast<double>(peak_of(planned) - bound.bytes) /
                                 static_cast<double>(bound.bytes))));
}

void print_front(const Options& options, const LowerBound& bound, const ParetoFront& front) {
  if (options.json) {
    Json points = Json::array();
    for (const PlannedModel& planned : front) points.push_back(point_json(planned));
    print_json_line({{"file", options.file},
                     {"lower_bound_bytes", bound.bytes},
                     {"pareto", std::move(points)}});
    return;
  }
  using report::Align;
  report::Table table({{"peak RAM", Align::kRight},
                       {"MACs", Align::kRight},
                       {"again", Align::kRight},
                       {"passes", Align::kRight}});
  for (const PlannedModel& planned : front) {
    table.row(
        {thousands(peak_of(planned)), thousands(planned.macs),
         percent(static_cast<double>(planned.recomputed_macs) / static_cast<double>(planned.macs)),
         std::to_string(planned.plan.passes.size())});
  }
  table.total({thousands(bound.bytes), "is a lower bound"});
  print_line(table.text());
}

void write_model(const std::string& path, model::IntegerModel model, const model::Plan& plan) {
  model.plan = plan;
  const std::vector<std::uint8_t> bytes = model::serialize(model);
  model::ModelFile(bytes, path);  // what would not be read again is not written
  report::write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void plan(const Options& options) {
  if (options.stream_input && options.hold_input) {
    throw UsageError("--stream-input and --hold-input exclude each other");
  }
  if (options.pareto && !options.out.empty() && options.ram.empty()) {
    throw UsageError("--out: which plan of the curve? add --ram");
  }
  if (!options.ram.empty()) bytes_of(options.ram);
  const model::ModelFile file = model::read_model(options.file);
  const model::IntegerModel model = model::deserialize(file.bytes());
  const bool streams_input = !options.hold_input;
  const LowerBound bound = planning::lower_bound(model, streams_input);
  const ParetoFront front = planning::search(model, streams_input);
  const PlannedModel& planned = chosen(options, front);
  if (!options.out.empty()) write_model(options.out, model, planned.plan);
  if (!options.svg.empty()) {
    report::write_file(options.svg, options.pareto ? report::front_svg(model.network, {front})
                                                   : report::plan_svg(model.network, planned));
  }
  if (options.pareto) {
    print_front(options, bound, front);
  } else if (options.json) {
    print_json_line(to_json(options, model, bound, planned));
  } else {
    print_text(model, bound, planned);
  }
}

}  // namespace

void add_plan(CommandLine& program) {
  Command command = program.command(
      "plan", "Choose when each row is computed and where it lives, for the RAM there is");
  auto options = std::make_shared<Options>();
  command.required_text("MODEL", options->file, "Integer model, a .cmcu file");
  command.text("--ram", options->ram,
               "Budget in bytes, or as 96K: the plan with the fewest multiply-accumulates within "
               "it. Otherwise the smallest that computes nothing twice");
  command.flag("--stream-input", options->stream_input,
               "The picture comes row by row, from a camera (the default)");
  command.flag("--hold-input", options->hold_input, "The arena holds the picture");
  command.flag("--pareto", options->pareto, "Print, and with --svg draw, all RAM against all work");
  command.text("--out", options->out, "Write the model with this plan into a file");
  command.text("--svg", options->svg, "Draw time against memory, each buffer a box");
  command.flag("--json", options->json,
               "Print one JSON object: peak_ram_bytes, lower_bound_bytes, macs, recomputed_macs, "
               "passes; with --pareto: lower_bound_bytes, pareto");
  command.example("  coco-mcu plan model.cmcu --ram 96K --out small.cmcu --svg plan.svg");
  command.action([options] { plan(*options); });
}

}  // namespace coco_mcu::cli
