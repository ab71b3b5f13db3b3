#include "firmware/simulate.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/build_folder.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/picture_input.h"
#include "dataset/image.h"
#include "firmware/emit.h"
#include "model/macs.h"
#include "model/model_file.h"

namespace coco_mcu::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string model;
  std::string board = "mps2-an386";
  std::vector<std::string> pictures;
  int ram = 0;
  int model_region = 0;
  bool json = false;
  bool per_layer = false;
};

void print_layers(const model::View& model, const firmware::SimulatedDecision& decision) {
  for (int i = 0; i < model.operator_count(); ++i) {
    const model::OperatorView layer = model.layer(i);
    const auto macs = static_cast<double>(model::macs(model, i));
    const auto count =
        static_cast<double>(decision.layer_instructions.at(static_cast<std::size_t>(i)));
    print_line(fmt::format("{:<48} {:<14} {:>11.0f} {:>11.0f} {:>7}", layer.name,
                           model::kind_name(layer.kind), count, macs,
                           macs > 0 ? fmt::format("{:.2f}", count / macs) : ""));
  }
}

void print_decision(const Options& options, const model::View& model, const std::string& file,
                    const firmware::Simulation& simulation,
                    const firmware::SimulatedDecision& decision) {
  const double person = decision.probability / static_cast<double>(model::kProbabilityOne);
  const char* label = decision.probability >= model.threshold() ? "person" : "no person";
  const auto instructions = static_cast<double>(decision.instructions);
  const double per_mac = instructions / static_cast<double>(model::macs(model));
  if (options.json) {
    Json line = {
        {"file", file},
        {"board", options.board},
        {"processor", firmware::board_named(options.board).cpu},
        {"person", person},
        {"label", label},
        {"instructions", decision.instructions},
        {"instructions_per_mac", per_mac},
        {"ram_bytes",
         {{"arena", simulation.arena_bytes},
          {"stack", simulation.stack_bytes},
          {"static", simulation.static_bytes}}},
        {"flash_bytes", {{"code", simulation.code_bytes}, {"model", simulation.model_bytes}}}};
    if (options.per_layer) {
      for (int i = 0; i < model.operator_count(); ++i) {
        line["layers"].push_back(
            {{"name", model.layer_name(i)},
             {"instructions", decision.layer_instructions.at(static_cast<std::size_t>(i))}});
      }
    }
    print_json_line(line);
    return;
  }
  print_line(fmt::format("{:<9}  {:.4f}  {:.1f} M instructions, {:.3f} per MAC  {}", label, person,
                         instructions / 1e6, per_mac, file));
  if (options.per_layer) print_layers(model, decision);
}

void simulate(const Options& options) {
  const firmware::Board& board = firmware::board_named(options.board);
  const model::ModelFile model = model::read_model(options.model);
  if (options.per_layer && !model.view().is_layer_by_layer()) {
    throw std::runtime_error(
        fmt::format("{}: its plan computes layers row by row, so none has instructions of its own; "
                    "leave --per-layer out, or lower the model without `coco-mcu plan`",
                    options.model));
  }
  std::vector<std::string> files;
  std::vector<std::uint8_t> pictures;
  for (const std::string& path : options.pictures) {
    for (const fs::path& file : dataset::list_pictures(path)) {
      const auto picture =
          dataset::prepare(dataset::read_image(file), model.view().preprocessing());
      const std::vector<std::uint8_t> input = kept_input_of(picture.rgb, model.view());
      pictures.insert(pictures.end(), input.begin(), input.end());
      files.push_back(file.string());
    }
  }
  const BuildFolder folder;
  firmware::EmitOptions emitted;
  emitted.ram_bytes = static_cast<std::uint32_t>(options.ram);
  emitted.model_region_bytes = static_cast<std::uint32_t>(options.model_region);
  firmware::emit(model, board, emitted, folder.firmware());
  firmware::build(folder.firmware());
  const firmware::Simulation simulation =
      firmware::simulate(folder.firmware(), board, model.view(), pictures);
  if (simulation.decisions.size() != files.size()) {
    throw std::runtime_error(fmt::format("{}: firmware has decided on {} of {} pictures",
                                         board.name, simulation.decisions.size(), files.size()));
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    print_decision(options, model.view(), files[i], simulation, simulation.decisions[i]);
  }
  if (!options.json) {
    print_line(
        fmt::format("RAM {} bytes: arena {}, stack {}, variables {}",
                    simulation.arena_bytes + simulation.stack_bytes + simulation.static_bytes,
                    simulation.arena_bytes, simulation.stack_bytes, simulation.static_bytes));
    print_line(fmt::format("flash {} bytes: code {}, model {}",
                           simulation.code_bytes + simulation.model_bytes, simulation.code_bytes,
                           simulation.model_bytes));
  }
  if (!firmware::simulate_golden(folder.firmware(), board)) {
    throw std::runtime_error(fmt::format(
        "{}: firmware does not compute the model's golden vector; report it", board.name));
  }
}

}  // namespace

void add_simulate(CommandLine& program) {
  Command command = program.command(
      "simulate", "Decide on pictures as a board would: instructions, RAM and flash, in qemu");
  auto options = std::make_shared<Options>();
  command.required_text("MODEL", options->model, "Integer model, a .cmcu file");
  command.text("--board", options->board, firmware::board_names());
  command.count("--ram", options->ram,
                "Bytes of RAM that may be used (default 262144, or what the board has)");
  command.count("--model-region", options->model_region,
                "Bytes of flash for the model (default 262144)");
  command.flag("--per-layer", options->per_layer, "Print each layer's instructions");
  command.flag(
      "--json", options->json,
      "Print one JSON object per picture: file, board, processor, person, label, instructions, "
      "instructions_per_mac, ram_bytes, flash_bytes");
  command.required_texts("IMAGE", options->pictures, "JPEG or PNG files, or folders of them");
  command.example("  coco-mcu simulate model.cmcu --board mps2-an386 photo.jpg");
  command.action([options] { simulate(*options); });
}

}  // namespace coco_mcu::cli
