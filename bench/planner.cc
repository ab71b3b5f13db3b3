// Claim: the planner puts the reference network of 2019 into 128,000 bytes without computing
// anything twice and into 81,451 bytes otherwise, with live attention into 104,000, and takes less
// than 10 s for each network. Prints the curve of every network of the shared material
// (COCO_MCU_SHARED); beside networks of other people, the arena that their own runtime needs.

#include "planning/planner.h"

#include <cstdint>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/support/bench.h"
#include "bench/support/shared_networks.h"
#include "bench/support/timing.h"
#include "bench/support/untrained_model.h"
#include "planning/lower_bound.h"
#include "report/peers.h"
#include "report/table.h"

namespace coco_mcu {
namespace {

using planning::ParetoFront;
using report::thousands;
using Json = nlohmann::ordered_json;

constexpr double kLimitSeconds = 10.0;

/// Bytes; 0 where there is no limit.
struct Limits {
  std::int64_t without_recomputation = 0;
  std::int64_t smallest = 0;
  std::int64_t held = 0;
  std::int64_t peer_arena = 0;  // of TensorFlow Lite Micro, on a host
};

void print_bytes(const char* what, std::int64_t bytes, std::int64_t limit) {
  fmt::print("  {}: {} bytes", what, thousands(bytes));
  if (limit > 0) fmt::print(", limit {}", thousands(limit));
  fmt::print("\n");
}

Json measure_front(const model::IntegerModel& model, bool streams_input, const Limits& limits) {
  const double start = thread_seconds();
  const ParetoFront front = planning::search(model, streams_input);
  const double seconds = thread_seconds() - start;
  const std::int64_t bound = planning::lower_bound(model, streams_input).bytes;
  fmt::print(" picture {}, lower bound {} bytes\n", streams_input ? "row by row" : "held",
             thousands(bound));
  Json points = Json::array();
  for (const planning::PlannedModel& planned : front) {
    fmt::print("  {:>9} bytes {:>12} MACs, {} of them again\n", thousands(planned.plan.arena_bytes),
               thousands(planned.macs), thousands(planned.recomputed_macs));
    points.push_back({{"peak_ram_bytes", planned.plan.arena_bytes},
                      {"macs", planned.macs},
                      {"recomputed_macs", planned.recomputed_macs}});
  }
  const std::int64_t first = front.front().plan.arena_bytes;
  print_bytes("without recomputation", first,
              streams_input ? limits.without_recomputation : limits.held);
  if (streams_input) print_bytes("smallest", front.back().plan.arena_bytes, limits.smallest);
  fmt::print("  planner: {:.2f} s, limit {:.0f} s\n", seconds, kLimitSeconds);
  return {{"lower_bound_bytes", bound}, {"planner_seconds", seconds}, {"pareto", points}};
}

Json measure_network(const std::string& name, const model::IntegerModel& model,
                     const Limits& limits) {
  fmt::print("{}\n", name);
  if (limits.peer_arena > 0) {
    fmt::print(" arena of TensorFlow Lite Micro: {} bytes\n", thousands(limits.peer_arena));
  }
  Json object;
  object["streamed"] = measure_front(model, true, limits);
  object["held"] = measure_front(model, false, limits);
  return object;
}

}  // namespace

void measure(std::span<char*> /*arguments*/) {
  Json line;
  const auto add = [&](const std::string& name, const model::IntegerModel& model,
                       const Limits& limits) { line[name] = measure_network(name, model, limits); };
  add("reference_after_removal", reference_network(false),
      {.without_recomputation = 128'000, .smallest = 81'451, .held = 202'800});
  add("reference_with_attention", reference_network(true), {.smallest = 104'000});
  for (const report::PeerModel& peer : report::kPeerModels) {
    add(peer.name, tflite_model(peer.name), {.peer_arena = peer.host_arena_bytes});
  }
  const network::Checkpoint swiftnet = swiftnet_checkpoint();
  add("swiftnet",
      quantize_untrained(network::network_of(swiftnet), swiftnet.tensors, swiftnet.preprocessing,
                         "w8"),
      {});
  line["limit_seconds"] = kLimitSeconds;
  fmt::print("{}\n", line.dump());
}

}  // namespace coco_mcu
