// Claim: at batch 1 on one thread our engine decides with 8-bit weights in less time than ONNX
// Runtime takes in fp32 for the same network and the same picture. Measured on the SwiftNet of the
// shared material (COCO_MCU_SHARED); ONNX Runtime runs in Node, see bench/onnx_runtime.

#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/support/bench.h"
#include "bench/support/shared_networks.h"
#include "bench/support/timing.h"
#include "bench/support/untrained_model.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "exchange/export_onnx.h"
#include "kernels/kernels.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu {
namespace {

constexpr int kRounds = 25;
constexpr long kCalls = 8;
constexpr int kSide = 224;
constexpr std::uint8_t kPixel = 100;

void write(const std::filesystem::path& path, const void* data, std::size_t bytes) {
  std::ofstream(path, std::ios::binary)
      .write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
}

/// What ONNX Runtime says of the checkpoint's network: milliseconds and output.
nlohmann::json onnx_runtime(const network::Checkpoint& checkpoint) {
  const testing::TemporaryFolder folder;
  const std::string file = exchange::export_onnx(checkpoint);
  write(folder.path() / "network.onnx", file.data(), file.size());
  const core::Preprocessing& preprocessing = checkpoint.preprocessing;
  const float value =
      (kPixel - 255.0F * preprocessing.mean[0]) / (255.0F * preprocessing.deviation[0]);
  const std::vector<float> input(std::size_t{3} * kSide * kSide, value);
  write(folder.path() / "input.f32", input.data(), input.size() * sizeof(float));
  const std::string command = fmt::format("node {} '{}' '{}' {}", COCO_MCU_ONNX_RUNTIME,
                                          (folder.path() / "network.onnx").string(),
                                          (folder.path() / "input.f32").string(), kRounds);
  const auto close = [](std::FILE* pipe) { ::pclose(pipe); };
  const std::unique_ptr<std::FILE, decltype(close)> pipe(::popen(command.c_str(), "r"), close);
  std::string said;
  for (int c = 0; pipe && (c = std::fgetc(pipe.get())) != EOF;) said += static_cast<char>(c);
  const auto parsed = nlohmann::json::parse(said, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) throw std::runtime_error("this failed: " + command);
  return parsed;
}

}  // namespace

void measure(std::span<char*> /*arguments*/) {
  const network::Checkpoint checkpoint = swiftnet_checkpoint();
  const model::ModelFile file = lower_untrained(checkpoint, "w8");
  const kernels::Backend& backend = kernels::best_backend();
  const engine::Arena arena(engine::arena_bytes(file.view(), backend));
  engine::Engine engine(file.view(), backend, arena.data());
  const std::vector<std::uint8_t> picture(model::tensor_bytes(file.view().layer(0)), kPixel);
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    times.push_back(1e3 * seconds_of([&] { engine.run(picture.data()); }, kCalls));
  }
  const double ours = median(times);
  const nlohmann::json theirs = onnx_runtime(checkpoint);
  const double fp32 = theirs["milliseconds"];
  fmt::print("SwiftNet 224x224, batch 1, one thread\n");
  fmt::print("{:<44} {:>8.3f} ms\n", fmt::format("our engine, w8, {}", backend.name), ours);
  fmt::print("{:<44} {:>8.3f} ms\n", "ONNX Runtime, fp32", fp32);
  const nlohmann::ordered_json line = {{"network", "swiftnet"},
                                       {"backend", backend.name},
                                       {"milliseconds_w8", ours},
                                       {"onnx_runtime_fp32_milliseconds", fp32},
                                       {"onnx_runtime_fp32_output", theirs["output"]},
                                       {"ratio_to_onnx_runtime_fp32", ours / fp32}};
  fmt::print("{}\n", line.dump());
}

}  // namespace coco_mcu
