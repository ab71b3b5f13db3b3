#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/commands.h"
#include "engine/seal.h"
#include "exchange/import_graph.h"
#include "exchange/import_tf.h"
#include "exchange/import_tflite.h"
#include "exchange/tf_checkpoint.h"
#include "model/serialize.h"
#include "network/checkpoint.h"
#include "network/checkpoint_files.h"
#include "network/zoo/zoo.h"
#include "planning/whole_tensor.h"
#include "report/file.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

constexpr int kGraphSide = 224;
constexpr double kGraphMean = 128.0 / 255.0;
constexpr double kGraphDeviation = 0.5;

struct Options {
  std::string tf_checkpoint;
  std::string graph;
  std::string tflite;
  std::string network;
  int size = kGraphSide;
  double mean = kGraphMean;
  double deviation = kGraphDeviation;
  std::string out;
};

const std::vector<std::string> kLabels = {"no person", "person"};

std::string numbers_of(const network::Checkpoint& checkpoint) {
  std::int64_t numbers = 0;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    numbers += static_cast<std::int64_t>(tensor.values.size());
  }
  return fmt::format("{} tensors, {} numbers", checkpoint.tensors.size(),
                     report::thousands(numbers));
}

void import_tf(const Options& options) {
  if (options.network.empty()) {
    throw UsageError("--tf-checkpoint: needs --network, its name in the zoo");
  }
  const network::Network network = network::zoo_entry(options.network).build();
  const auto source = exchange::TfCheckpoint::open(options.tf_checkpoint);
  const exchange::ImportReport report = exchange::import_tensorflow(source, network);
  network::write_checkpoint(report.checkpoint, options.out);
  fmt::print("{}: {} of {} placed in {}, {} quantizers\n", options.out,
             numbers_of(report.checkpoint), source.name(), network.name,
             report.checkpoint.quantizers.size());
  if (report.unplaced.empty()) return;
  fmt::print("{} variables have no place in the network:\n", report.unplaced.size());
  for (const std::string& name : report.unplaced) fmt::print("  {}\n", name);
}

/// What the network is called from now on.
std::string name_for(const Options& options, const std::filesystem::path& source) {
  return options.network.empty() ? source.stem().string() : options.network;
}

void import_graph(const Options& options) {
  exchange::GraphOptions graph;
  graph.name = name_for(options, std::filesystem::path(options.graph) / "");
  if (graph.name.empty()) {
    graph.name = std::filesystem::path(options.graph).lexically_normal().filename().string();
  }
  graph.preprocessing.height = graph.preprocessing.width = options.size;
  for (float& mean : graph.preprocessing.mean) mean = static_cast<float>(options.mean);
  for (float& deviation : graph.preprocessing.deviation) {
    deviation = static_cast<float>(options.deviation);
  }
  graph.labels = kLabels;
  const network::Checkpoint made = exchange::import_graph(options.graph, graph);
  network::write_checkpoint(made, options.out);
  fmt::print("{}: {}, {} layers of network {}\n", options.out, numbers_of(made),
             made.own_network->nodes.size(), made.network);
}

void import_tflite(const Options& options) {
  const std::vector<std::uint8_t> bytes = network::read_file(options.tflite);
  model::IntegerModel made = exchange::import_tflite(
      bytes, options.tflite, {.name = name_for(options, options.tflite), .labels = kLabels});
  made.provenance = {{"created_by", network::created_by()},
                     {"source", "TensorFlow Lite model " + options.tflite}};
  made.plan = planning::plan_whole_tensors(made);
  engine::seal(made);
  const std::vector<std::uint8_t> file = model::serialize(made);
  report::write_file(options.out, {reinterpret_cast<const char*>(file.data()), file.size()});
  fmt::print("{}: {} bytes, {} layers of network {}, arena {} bytes\n", options.out,
             report::thousands(static_cast<std::int64_t>(file.size())), made.operators.size(),
             made.network, report::thousands(made.plan.arena_bytes));
}

void import_any(const Options& options) {
  const int given = static_cast<int>(!options.tf_checkpoint.empty()) +
                    static_cast<int>(!options.graph.empty()) +
                    static_cast<int>(!options.tflite.empty());
  if (given != 1) throw UsageError("give one of --tf-checkpoint, --graph and --tflite");
  if (!options.tf_checkpoint.empty()) return import_tf(options);
  return options.graph.empty() ? import_tflite(options) : import_graph(options);
}

}  // namespace

void add_import(CommandLine& program) {
  Command command =
      program.command("import", "Take over a network that another framework has trained");
  auto options = std::make_shared<Options>();
  command.text("--tf-checkpoint", options->tf_checkpoint,
               "TensorFlow checkpoint, to a float checkpoint: what stands before .index and "
               ".data-00000-of-00001");
  command.text("--graph", options->graph,
               "Folder with graph.json and weights.f32, to a float checkpoint that brings its own "
               "network along");
  command.text("--tflite", options->tflite,
               "TensorFlow Lite model of int8 with scales per channel, to an integer model");
  command.text("--network", options->network,
               "Of --tf-checkpoint: name in the zoo, see coco-mcu describe; else what the network "
               "is called (default: as its file)");
  command.count("--size", options->size, "Of --graph: height and width of its input (default 224)");
  command.number("--mean", options->mean,
                 "Of --graph: what is taken off a pixel in 0..1 (default 128/255)");
  command.number("--deviation", options->deviation,
                 "Of --graph: what it is divided by then (default 0.5)");
  command.required_text("--out", options->out,
                        "Folder of the checkpoint or file of the model to write");
  command.example(
      "  coco-mcu import --tf-checkpoint model/graph.ckpt --network coco_mcu --out checkpoint\n"
      "  coco-mcu import --tflite person_detect.tflite --out person_detect.cmcu");
  command.action([options] { import_any(*options); });
}

}  // namespace coco_mcu::cli
