#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "exchange/export_onnx.h"
#include "exchange/export_qdq.h"
#include "model/model_file.h"
#include "model/serialize.h"
#include "network/checkpoint.h"
#include "report/file.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

struct Options {
  std::string model;
  std::string checkpoint;
  std::string onnx;
};

void export_network(const Options& options) {
  if (options.model.empty() == options.checkpoint.empty()) {
    throw UsageError("give one of MODEL and --checkpoint");
  }
  const std::string file =
      options.model.empty()
          ? exchange::export_onnx(network::read_checkpoint(options.checkpoint))
          : exchange::export_qdq(model::deserialize(model::read_model(options.model).bytes()));
  report::write_file(options.onnx, file);
  print_line(fmt::format("{}: {} bytes", options.onnx,
                         report::thousands(static_cast<std::int64_t>(file.size()))));
}

}  // namespace

void add_export(CommandLine& program) {
  Command command =
      program.command("export", "Write a network as a file that other people's runtimes read");
  auto options = std::make_shared<Options>();
  command.text("MODEL", options->model, "Integer model, a .cmcu file");
  command.text("--checkpoint", options->checkpoint, "Folder of a float checkpoint");
  command.required_text("--onnx", options->onnx,
                        "ONNX file to write: of a model quantized (QDQ), of a checkpoint float32");
  command.example(
      "  coco-mcu export model.cmcu --onnx quantized.onnx\n"
      "  coco-mcu export --checkpoint checkpoint --onnx network.onnx");
  command.action([options] { export_network(*options); });
}

}  // namespace coco_mcu::cli
