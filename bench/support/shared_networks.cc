#include "bench/support/shared_networks.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "bench/support/untrained_model.h"
#include "exchange/import_graph.h"
#include "exchange/import_tf.h"
#include "exchange/import_tflite.h"
#include "lowering/reduce.h"
#include "network/zoo/zoo.h"
#include "tests/support/shared_material.h"

namespace coco_mcu {
namespace {

const std::vector<std::string> kLabels = {"no person", "person"};

std::filesystem::path shared(const std::string& relative) {
  const auto path = testing::shared_material(relative);
  if (!path) throw std::runtime_error("needs the shared material: set COCO_MCU_SHARED");
  return *path;
}

}  // namespace

network::Checkpoint reference_checkpoint() {
  const auto source = exchange::TfCheckpoint::open(shared("reference/checkpoint") / "graph.ckpt");
  return exchange::import_tensorflow(source, network::coco_mcu()).checkpoint;
}

model::IntegerModel reference_network(bool with_attention) {
  const network::Network whole = network::coco_mcu();
  const network::Checkpoint checkpoint = reference_checkpoint();
  const lowering::ReducedNetwork reduced = lowering::reduce(
      whole, checkpoint.tensors,
      lowering::trained_quantizers(checkpoint.quantizers, checkpoint.tensors),
      checkpoint.preprocessing, {.exact_removal = !with_attention, .prune_below = 1e-6});
  return quantize_untrained(reduced.network, reduced.tensors, checkpoint.preprocessing, "w8");
}

network::Checkpoint swiftnet_checkpoint() {
  constexpr float kMean = 128.0F / 255;
  constexpr int kSide = 224;
  exchange::GraphOptions options;
  options.name = "swiftnet";
  options.preprocessing = {.height = kSide,
                           .width = kSide,
                           .mean = {kMean, kMean, kMean},
                           .deviation = {0.5F, 0.5F, 0.5F}};
  options.labels = kLabels;
  return exchange::import_graph(shared("reference/teacher"), options);
}

model::IntegerModel tflite_model(const std::string& name) {
  const std::filesystem::path path = shared("peers") / (name + ".tflite");
  std::ifstream stream(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  return exchange::import_tflite(
      {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, path.string(),
      {.name = name, .labels = kLabels});
}

}  // namespace coco_mcu
