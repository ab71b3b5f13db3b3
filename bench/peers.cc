// Claim: at batch 1 on one thread our engine decides in less time than ONNX Runtime takes for the
// quantized ONNX (QDQ int8) that export writes of the same model, on the same pictures; beside it
// stands the time of the same network in fp32. Measured on the sample pictures with the built-in
// model and, where the shared material is (COCO_MCU_SHARED), with the network of 2019 and the
// SwiftNet at 8-bit weights.
// ONNX Runtime runs in Node, see bench/onnx_runtime.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/support/bench.h"
#include "bench/support/shared_networks.h"
#include "bench/support/timing.h"
#include "bench/support/untrained_model.h"
#include "dataset/image.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "exchange/export_onnx.h"
#include "exchange/export_qdq.h"
#include "kernels/kernels.h"
#include "model/serialize.h"
#include "tests/support/command_output.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Picture = std::vector<std::uint8_t>;  // RGB of the network's input size

constexpr int kRounds = 25;
constexpr double kCertain = 32768.0;  // an engine's probability of 1

/// Milliseconds for one picture and, for each, the probability of a person.
struct Measured {
  double milliseconds = 0.0;
  std::vector<double> person;
};

void write(const fs::path& path, const void* data, std::size_t bytes) {
  std::ofstream(path, std::ios::binary)
      .write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
}

Measured by_onnx_runtime(const std::string& onnx, const core::Preprocessing& preprocessing,
                         const std::vector<Picture>& pictures) {
  const testing::TemporaryFolder folder;
  const fs::path& at = folder.path();
  write(at / "network.onnx", onnx.data(), onnx.size());
  std::ofstream(at / "preprocessing.json")
      << Json{{"mean", preprocessing.mean}, {"deviation", preprocessing.deviation}};
  std::string command =
      fmt::format("node {} '{}' '{}' {}", COCO_MCU_ONNX_RUNTIME, (at / "network.onnx").string(),
                  (at / "preprocessing.json").string(), kRounds);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const fs::path file = at / fmt::format("{}.bin", i);
    write(file, pictures[i].data(), pictures[i].size());
    command += fmt::format(" '{}'", file.string());
  }
  const Json parsed = Json::parse(testing::output_of(command));
  Measured result;
  result.milliseconds = parsed["milliseconds"];
  for (const Json& output : parsed["outputs"]) result.person.push_back(output.back());
  return result;
}

Measured by_our_engine(const model::View& model, const kernels::Backend& backend,
                       const std::vector<Picture>& pictures) {
  const engine::Arena arena(engine::arena_bytes(model, backend));
  engine::Engine engine(model, backend, arena.data());
  Measured result;
  for (const Picture& picture : pictures) {
    result.person.push_back(engine.run(picture.data()).probability / kCertain);
  }
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    const auto decide_all = [&] {
      for (const Picture& picture : pictures) engine.run(picture.data());
    };
    times.push_back(1e3 * seconds_of(decide_all, 1) / static_cast<double>(pictures.size()));
  }
  result.milliseconds = median(times);
  return result;
}

std::vector<Picture> sample_pictures(const core::Preprocessing& preprocessing) {
  std::vector<Picture> pictures;
  for (const fs::path& file : dataset::list_pictures("samples")) {
    pictures.push_back(dataset::prepare(dataset::read_image(file), preprocessing).rgb);
  }
  return pictures;
}

double mean_difference(const Measured& a, const Measured& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.person.size(); ++i) sum += std::abs(a.person[i] - b.person[i]);
  return sum / static_cast<double>(a.person.size());
}

/// `floats`: the network that `file` was made of.
Json compare(const std::string& name, const model::ModelFile& file, network::Checkpoint floats) {
  floats.quantizers.clear();
  const core::Preprocessing preprocessing = file.view().preprocessing();
  const std::vector<Picture> pictures = sample_pictures(preprocessing);
  const kernels::Backend& backend = kernels::best_backend();
  const Measured ours = by_our_engine(file.view(), backend, pictures);
  const Measured fp32 = by_onnx_runtime(exchange::export_onnx(floats), preprocessing, pictures);
  const Measured int8 = by_onnx_runtime(exchange::export_qdq(model::deserialize(file.bytes())),
                                        preprocessing, pictures);
  const double to_fp32 = ours.milliseconds / fp32.milliseconds;
  const double to_int8 = ours.milliseconds / int8.milliseconds;
  const double difference = mean_difference(ours, int8);
  fmt::print("{:<34}{:>9.3f} ms{:>9.3f} ms{:>9.3f} ms{:>9.2f}{:>8.2f}{:>13.4f}\n", name,
             ours.milliseconds, fp32.milliseconds, int8.milliseconds, to_fp32, to_int8, difference);
  return {{"network", name},
          {"milliseconds", ours.milliseconds},
          {"onnx_runtime_fp32_milliseconds", fp32.milliseconds},
          {"onnx_runtime_int8_milliseconds", int8.milliseconds},
          {"ratio_to_onnx_runtime_fp32", to_fp32},
          {"ratio_to_onnx_runtime_int8", to_int8},
          {"mean_difference_to_onnx_runtime_int8", difference}};
}

}  // namespace

void measure(std::span<char*> /*arguments*/) {
  fmt::print("Batch 1, one thread, back end {}, the pictures of samples/, median of {} rounds\n",
             kernels::best_backend().name, kRounds);
  fmt::print("{:<34}{:>12}{:>12}{:>12}{:>17}{:>13}\n", "", "ours", "ORT fp32", "ORT int8",
             "ours/fp32, /int8", "|p - p int8|");
  Json networks = Json::array();
  networks.push_back(compare("models/person.cmcu, 2 bits", model::read_model("models/person.cmcu"),
                             network::read_checkpoint("models/person-checkpoint")));
  if (testing::shared_material("reference")) {
    const network::Checkpoint reference = reference_checkpoint();
    networks.push_back(
        compare("network of 2019, 8 bits", lower_untrained(reference, "w8"), reference));
    const network::Checkpoint swiftnet = swiftnet_checkpoint();
    networks.push_back(compare("SwiftNet, 8 bits", lower_untrained(swiftnet, "w8"), swiftnet));
  } else {
    fmt::print("the other networks need the shared material (COCO_MCU_SHARED)\n");
  }
  fmt::print("{}\n",
             Json{{"backend", kernels::best_backend().name}, {"networks", networks}}.dump());
}

}  // namespace coco_mcu
