#include "firmware/emit.h"

#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/output.h"
#include "firmware/emit_library.h"
#include "model/model_file.h"

namespace coco_mcu::cli {
namespace {

/// A library for a project of the user's own.
constexpr const char* kNoBoard = "none";

struct Options {
  std::string model;
  std::string board;
  std::string out;
  int ram = 0;
  int model_region = 0;
};

void emit(const Options& options) {
  if (options.board == kNoBoard) {
    firmware::emit_library(model::read_model(options.model), options.out);
    print_line(options.out + ": add_subdirectory, then link coco_mcu_detector");
    return;
  }
  const firmware::Board& board = firmware::board_named(options.board);
  const model::ModelFile model = model::read_model(options.model);
  firmware::EmitOptions emitted;
  emitted.ram_bytes = static_cast<std::uint32_t>(options.ram);
  emitted.model_region_bytes = static_cast<std::uint32_t>(options.model_region);
  firmware::emit(model, board, emitted, options.out);
  print_line(options.out + ": cmake -S . -B build && cmake --build build");
}

}  // namespace

void add_emit(CommandLine& program) {
  Command command =
      program.command("emit", "Write firmware for a board: a folder that arm-none-eabi-gcc builds");
  auto options = std::make_shared<Options>();
  command.required_text("MODEL", options->model, "Integer model, a .cmcu file");
  command.required_text("--board", options->board,
                        firmware::board_names() + ", or none: a library for a project of your own");
  command.required_text("--out", options->out, "New folder");
  command.count("--ram", options->ram,
                "Bytes of RAM that may be used (default 262144, or what the board has)");
  command.count("--model-region", options->model_region,
                "Bytes of flash for the model (default 262144)");
  command.example(
      "  coco-mcu emit model.cmcu --board mps2-an386 --out firmware\n"
      "  coco-mcu emit model.cmcu --board none --out detector");
  command.action([options] { emit(*options); });
}

}  // namespace coco_mcu::cli
