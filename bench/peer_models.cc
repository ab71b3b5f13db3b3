// Claim: other people's int8 person detectors need less RAM by our planner than by their own
// runtime. Prints, for the models of the shared material (COCO_MCU_SHARED), peak RAM, instructions
// on a Cortex-M4 and flash beside what TensorFlow Lite Micro with CMSIS-NN takes; needs
// arm-none-eabi-g++ and qemu-system-arm.

#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/support/bench.h"
#include "bench/support/shared_networks.h"
#include "bench/support/untrained_model.h"
#include "firmware/emit.h"
#include "firmware/simulate.h"
#include "planning/planner.h"
#include "report/peers.h"
#include "report/table.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu {
namespace {

using report::thousands;

constexpr const char* kBoard = "mps2-an386";
constexpr std::uint32_t kRegionBytes = 512 * 1024;

model::ModelFile planned(const std::string& name) {
  const model::IntegerModel made = tflite_model(name);
  return with_plan(made, planning::search(made, true).front().plan, name);
}

firmware::Simulation simulate(const model::ModelFile& model) {
  const testing::TemporaryFolder folder;
  const firmware::Board& board = firmware::board_named(kBoard);
  const firmware::EmitOptions options = {.ram_bytes = kRegionBytes,
                                         .model_region_bytes = kRegionBytes};
  firmware::emit(model, board, options, folder.path() / "firmware");
  firmware::build(folder.path() / "firmware");
  const std::vector<std::uint8_t> picture(model::tensor_bytes(model.view().layer(0)), 100);
  return firmware::simulate(folder.path() / "firmware", board, model.view(), picture);
}

/// A stored figure, or that there is none.
std::string stored(std::int64_t figure) {
  return figure > 0 ? thousands(figure) : "not measured";
}

nlohmann::ordered_json measure_peer(const report::PeerModel& peer) {
  const firmware::Simulation ours = simulate(planned(peer.name));
  const std::uint64_t instructions = ours.decisions.at(0).instructions;
  fmt::print("{} ({})\n", peer.name, peer.network);
  fmt::print("  RAM on M4        {:>12} bytes, theirs {}\n", thousands(ours.arena_bytes),
             stored(peer.m4_arena_bytes));
  fmt::print("  arena on a host  {:>12} bytes, theirs {}\n", thousands(ours.arena_bytes),
             stored(peer.host_arena_bytes));
  fmt::print("  instructions     {:>12},       theirs {}\n",
             thousands(static_cast<std::int64_t>(instructions)), stored(peer.m4_instructions));
  fmt::print("  flash            {:>12} bytes, {} of them the model\n",
             thousands(std::int64_t{ours.code_bytes} + ours.model_bytes),
             thousands(ours.model_bytes));
  return {{"arena_bytes", ours.arena_bytes},
          {"their_m4_arena_bytes", peer.m4_arena_bytes},
          {"their_host_arena_bytes", peer.host_arena_bytes},
          {"m4_instructions", instructions},
          {"their_m4_instructions", peer.m4_instructions},
          {"flash_bytes", std::int64_t{ours.code_bytes} + ours.model_bytes}};
}

}  // namespace

void measure(std::span<char*> /*arguments*/) {
  nlohmann::ordered_json line;
  for (const report::PeerModel& peer : report::kPeerModels) line[peer.name] = measure_peer(peer);
  fmt::print("{}\n", line.dump());
}

}  // namespace coco_mcu
