#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "exchange/export_onnx.h"
#include "network/checkpoint.h"
#include "report/file.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

struct Options {
  std::string checkpoint;
  std::string onnx;
};

void export_network(const Options& options) {
  const std::string file = exchange::export_onnx(network::read_checkpoint(options.checkpoint));
  report::write_file(options.onnx, file);
  print_line(fmt::format("{}: {} bytes", options.onnx,
                         report::thousands(static_cast<std::int64_t>(file.size()))));
}

}  // namespace

void add_export(CommandLine& program) {
  Command command =
      program.command("export", "Write a network as a file that other people's runtimes read");
  auto options = std::make_shared<Options>();
  command.required_text("--checkpoint", options->checkpoint, "Folder of a float checkpoint");
  command.required_text("--onnx", options->onnx, "ONNX file of float32 to write");
  command.example("  coco-mcu export --checkpoint checkpoint --onnx network.onnx");
  command.action([options] { export_network(*options); });
}

}  // namespace coco_mcu::cli
