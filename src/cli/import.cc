#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/commands.h"
#include "exchange/import_tf.h"
#include "exchange/tf_checkpoint.h"
#include "network/checkpoint.h"
#include "network/zoo/zoo.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

struct Options {
  std::string tf_checkpoint;
  std::string network;
  std::string out;
};

void import_checkpoint(const Options& options) {
  const network::Network network = network::zoo_entry(options.network).build();
  const auto source = exchange::TfCheckpoint::open(options.tf_checkpoint);
  const exchange::ImportReport report = exchange::import_tensorflow(source, network);
  network::write_checkpoint(report.checkpoint, options.out);
  std::int64_t numbers = 0;
  for (const auto& [name, tensor] : report.checkpoint.tensors) {
    numbers += static_cast<std::int64_t>(tensor.values.size());
  }
  fmt::print("{}: {} tensors, {} numbers of {} placed in {}, {} quantizers\n", options.out,
             report.checkpoint.tensors.size(), report::thousands(numbers), source.name(),
             network.name, report.checkpoint.quantizers.size());
  if (report.unplaced.empty()) return;
  fmt::print("{} variables have no place in the network:\n", report.unplaced.size());
  for (const std::string& name : report.unplaced) fmt::print("  {}\n", name);
}

}  // namespace

void add_import(CommandLine& program) {
  Command command =
      program.command("import", "Make a float checkpoint from one that another framework trained");
  auto options = std::make_shared<Options>();
  command.required_text("--tf-checkpoint", options->tf_checkpoint,
                        "TensorFlow checkpoint: what stands before .index and "
                        ".data-00000-of-00001");
  command.required_text("--network", options->network, "Name in the zoo: see coco-mcu describe");
  command.required_text("--out", options->out, "Folder of the checkpoint to write");
  command.example(
      "  coco-mcu import --tf-checkpoint model/graph.ckpt --network coco_mcu --out checkpoint");
  command.action([options] { import_checkpoint(*options); });
}

}  // namespace coco_mcu::cli
