#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/backends.h"
#include "cli/commands.h"
#include "cli/embedded_model.h"
#include "cli/output.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "engine/golden.h"
#include "model/model_file.h"

namespace coco_mcu::cli {
namespace {

struct Options {
  std::string file;
  std::string backend;
  bool json = false;
};

struct Check {
  const kernels::Backend* backend = nullptr;
  engine::GoldenResult result;
};

Check check(const model::View& model, const kernels::Backend& backend) {
  const engine::Arena arena(engine::arena_bytes(model, backend));
  engine::Engine engine(model, backend, arena.data());
  std::vector<std::uint32_t> working(static_cast<std::size_t>(model.operator_count()));
  return {&backend, engine::check_golden(model, engine, working.data())};
}

/// Where the back end goes wrong.
std::string difference(const model::View& model, const engine::GoldenResult& result) {
  if (result.first_wrong_layer < 0) return "decision";
  return fmt::format("layer {} ({})", result.first_wrong_layer,
                     model.layer_name(result.first_wrong_layer));
}

Json to_json(const model::View& model, const Check& check) {
  const engine::GoldenResult& result = check.result;
  const bool is_layer = result.first_wrong_layer >= 0;
  return {{"backend", check.backend->name},
          {"agrees", result.agrees()},
          {"first_wrong_layer",
           is_layer ? Json(model.layer_name(result.first_wrong_layer)) : Json(nullptr)},
          {"decision_agrees", result.decision_agrees}};
}

void print_text(const model::View& model, const std::vector<Check>& checks,
                const std::vector<const kernels::Backend*>& skipped) {
  for (const Check& each : checks) {
    print_line(each.result.agrees()
                   ? fmt::format("{:<12} agrees with the golden vector", each.backend->name)
                   : fmt::format("{:<12} differs from {} on", each.backend->name,
                                 difference(model, each.result)));
  }
  for (const kernels::Backend* each : skipped) {
    print_line(fmt::format("{:<12} skipped: this processor does not support it", each->name));
  }
}

void print_json(const Options& options, const model::View& model, const std::vector<Check>& checks,
                const std::vector<const kernels::Backend*>& skipped) {
  Json backends = Json::array();
  bool all_agree = true;
  for (const Check& each : checks) {
    backends.push_back(to_json(model, each));
    all_agree = all_agree && each.result.agrees();
  }
  Json names = Json::array();
  for (const kernels::Backend* each : skipped) names.push_back(each->name);
  print_json_line({{"file", options.file},
                   {"agrees", all_agree},
                   {"backends", std::move(backends)},
                   {"skipped", std::move(names)}});
}

void verify(Options options) {
  const model::ModelFile file = open_model(options.file);
  if (options.file.empty()) options.file = embedded_model_name();
  std::vector<const kernels::Backend*> backends = supported_backends();
  std::vector<const kernels::Backend*> skipped = unsupported_backends();
  if (!options.backend.empty()) {
    backends = {&backend_named(options.backend)};
    skipped.clear();
  }
  std::vector<Check> checks;
  for (const kernels::Backend* backend : backends) checks.push_back(check(file.view(), *backend));
  if (options.json) {
    print_json(options, file.view(), checks, skipped);
  } else {
    print_text(file.view(), checks, skipped);
  }
  for (const Check& each : checks) {
    if (each.result.agrees()) continue;
    throw std::runtime_error(fmt::format(
        "{}: {} computes another {} than the golden vector has; lower the network again with this "
        "program, and report it where that does not help",
        options.file, each.backend->name, difference(file.view(), each.result)));
  }
}

}  // namespace

void add_verify(CommandLine& program) {
  Command command = program.command(
      "verify",
      "Check that every kernel of this machine computes an integer model to the last bit");
  auto options = std::make_shared<Options>();
  command.text("FILE", options->file,
               "Integer model, a .cmcu file (default: the one built into this program)");
  command.text("--backend", options->backend, "Check this one alone: reference, avx2, ...");
  command.flag("--json", options->json, "Print one JSON object: file, agrees, backends, skipped");
  command.example("  coco-mcu verify model.cmcu");
  command.action([options] { verify(*options); });
}

}  // namespace coco_mcu::cli
