#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "exchange/export_onnx.h"
#include "exchange/export_qdq.h"
#include "exchange/export_tflite.h"
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
  std::string tflite;
  bool is_float = false;
};

std::string exported(const Options& options) {
  if (!options.checkpoint.empty()) {
    return exchange::export_onnx(network::read_checkpoint(options.checkpoint));
  }
  const model::IntegerModel model = model::deserialize(model::read_model(options.model).bytes());
  if (!options.onnx.empty()) return exchange::export_qdq(model);
  return exchange::export_tflite(model, options.is_float ? exchange::TfliteInterface::kFloat
                                                         : exchange::TfliteInterface::kInt8);
}

void export_network(const Options& options) {
  if (options.model.empty() == options.checkpoint.empty()) {
    throw UsageError("give one of MODEL and --checkpoint");
  }
  if (options.onnx.empty() == options.tflite.empty()) {
    throw UsageError("give one of --onnx and --tflite");
  }
  if (!options.tflite.empty() && options.model.empty()) {
    throw UsageError("--tflite: needs MODEL, an integer model");
  }
  const std::string& place = options.onnx.empty() ? options.tflite : options.onnx;
  const std::string file = exported(options);
  report::write_file(place, file);
  print_line(fmt::format("{}: {} bytes", place,
                         report::thousands(static_cast<std::int64_t>(file.size()))));
}

}  // namespace

void add_export(CommandLine& program) {
  Command command =
      program.command("export", "Write a network as a file that other people's runtimes read");
  auto options = std::make_shared<Options>();
  command.text("MODEL", options->model, "Integer model, a .cmcu file");
  command.text("--checkpoint", options->checkpoint, "Folder of a float checkpoint");
  command.text("--onnx", options->onnx,
               "ONNX file to write: of a model quantized (QDQ), of a checkpoint float32");
  command.text("--tflite", options->tflite, "TensorFlow Lite file to write, int8, of a model");
  command.flag("--float-interface", options->is_float,
               "Of --tflite: real numbers go in and come out instead of int8");
  command.example(
      "  coco-mcu export model.cmcu --tflite model.tflite\n"
      "  coco-mcu export model.cmcu --onnx quantized.onnx\n"
      "  coco-mcu export --checkpoint checkpoint --onnx network.onnx");
  command.action([options] { export_network(*options); });
}

}  // namespace coco_mcu::cli
