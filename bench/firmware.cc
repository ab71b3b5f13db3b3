// Claim: on a Cortex-M4 the whole reference network with 2-bit weights takes at most 1.6
// instructions per multiply-accumulate, on a Cortex-M55 at most 1.0. Prints those of each layer and
// each kind of board beside CMSIS-NN's int8 kernels at the nearest shape that was measured
// (docs/microcontroller.md); needs arm-none-eabi-g++ and qemu-system-arm.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/support/bench.h"
#include "bench/support/untrained_model.h"
#include "firmware/emit.h"
#include "firmware/simulate.h"
#include "model/macs.h"
#include "tests/support/made_up_checkpoint.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu {
namespace {

using model::OperatorKind;
using model::OperatorView;

struct Processor {
  const char* name;
  const char* board;
};

constexpr Processor kProcessors[] = {
    {"m4", "mps2-an386"}, {"m7", "mps2-an500"}, {"m33", "mps2-an505"}, {"m55", "mps3-an547"}};
enum : std::size_t { kM4, kM7, kM33, kM55 };

/// CMSIS-NN's int8 kernels at one shape, GCC 12.2: instructions per multiply-accumulate.
struct Peer {
  OperatorKind kind;
  int kernel;
  int channels;  // of the input
  bool is_one_pixel;
  double m4, m7, m55;
};

constexpr Peer kPeers[] = {{OperatorKind::kConvolution, 3, 3, false, 6.15, 6.23, 1.99},
                           {OperatorKind::kConvolution, 1, 16, false, 3.95, 3.91, 1.09},
                           {OperatorKind::kConvolution, 1, 72, false, 2.05, 2.02, 0.39},
                           {OperatorKind::kConvolution, 1, 256, false, 1.67, 1.64, 0.23},
                           {OperatorKind::kConvolution, 1, 512, true, 1.97, 1.97, 0.49},
                           {OperatorKind::kDepthwise, 3, 16, false, 9.33, 9.19, 3.47},
                           {OperatorKind::kDepthwise, 5, 256, false, 9.02, 8.74, 1.67}};

/// The shape nearest to a layer's; null for layers that CMSIS-NN was not measured at.
const Peer* nearest_peer(const OperatorView& layer, const OperatorView& input) {
  const Peer* nearest = nullptr;
  const auto distance = [&](const Peer& peer) { return std::abs(peer.channels - input.channels); };
  for (const Peer& peer : kPeers) {
    const bool is_like = peer.kind == layer.kind && peer.kernel == layer.kernel &&
                         peer.is_one_pixel == (layer.height * layer.width == 1);
    if (is_like && (nearest == nullptr || distance(peer) < distance(*nearest))) nearest = &peer;
  }
  return nearest;
}

firmware::Simulation simulate(const model::ModelFile& model, const char* board_name) {
  const testing::TemporaryFolder folder;
  const firmware::Board& board = firmware::board_named(board_name);
  firmware::EmitOptions options;
  options.ram_bytes = 512 * 1024;
  options.model_region_bytes = 512 * 1024;
  firmware::emit(model, board, options, folder.path() / "firmware");
  firmware::build(folder.path() / "firmware");
  const std::vector<std::uint8_t> picture(model::tensor_bytes(model.view().layer(0)), 100);
  return firmware::simulate(folder.path() / "firmware", board, model.view(), picture);
}

using Simulations = std::array<firmware::Simulation, std::size(kProcessors)>;

/// A figure of two decimals, or nothing.
std::string cell(double figure) {
  return figure > 0 ? fmt::format("{:.2f}", figure) : "";
}

void print_layer(const model::View& model, int index, const Simulations& simulations) {
  const OperatorView layer = model.layer(index);
  const auto macs = static_cast<double>(model::macs(model, index));
  const auto at = static_cast<std::size_t>(index);
  std::array<double, std::size(kProcessors)> count{};
  std::array<double, std::size(kProcessors)> per_mac{};
  for (std::size_t i = 0; i < count.size(); ++i) {
    count[i] = static_cast<double>(simulations[i].decisions.at(0).layer_instructions.at(at));
    per_mac[i] = macs > 0 ? count[i] / macs : 0;
  }
  const Peer* peer = macs > 0 ? nearest_peer(layer, model.layer(layer.inputs[0])) : nullptr;
  const Peer measured = peer != nullptr ? *peer : Peer{};
  const std::string& kernel = simulations[kM4].kernels.at(at);
  const std::string& m55_kernel = simulations[kM55].kernels.at(at);
  fmt::print("{:<40} {:>9.0f} {:>9.0f} {:>5} {:>5} {:>5} {:>5} {:>5} {:>9.0f} {:>5} {:>5}  {}{}\n",
             layer.name, macs, count[kM4], cell(per_mac[kM4]), cell(measured.m4),
             cell(per_mac[kM7]), cell(measured.m7), cell(per_mac[kM33]), count[kM55],
             cell(per_mac[kM55]), cell(measured.m55), kernel,
             m55_kernel == kernel ? "" : "; " + m55_kernel);
}

void print_layers(const model::View& model, const Simulations& simulations) {
  fmt::print(
      "Instructions of each layer on M4 and M55; per MAC on M4, M7, M33 and M55, each beside\n"
      "CMSIS-NN's int8 kernels at the nearest measured shape (M33 was not measured); kernels, "
      "M55's last where it has its own.\n");
  fmt::print("{:<40} {:>9} {:>9} {:>5} {:>5} {:>5} {:>5} {:>5} {:>9} {:>5} {:>5}\n", "layer",
             "MACs", "M4", "/MAC", "int8", "M7", "int8", "M33", "M55", "/MAC", "int8");
  for (int i = 0; i < model.operator_count(); ++i) print_layer(model, i, simulations);
}

}  // namespace

void measure(std::span<char*> /*arguments*/) {
  const model::ModelFile model = lower_untrained(testing::made_up_checkpoint(), "w2");
  Simulations simulations;
  nlohmann::ordered_json line;
  for (std::size_t i = 0; i < simulations.size(); ++i) {
    simulations[i] = simulate(model, kProcessors[i].board);
    line[std::string(kProcessors[i].name) + "_instructions_per_mac"] =
        static_cast<double>(simulations[i].decisions.at(0).instructions) /
        static_cast<double>(model::macs(model.view()));
  }
  print_layers(model.view(), simulations);
  fmt::print("The whole network, CMSIS-NN int8 estimated: 3.4 to 3.8 on M4, 1.0 on M55.\n");
  line["m4_limit"] = 1.6;
  line["m55_limit"] = 1.0;
  fmt::print("{}\n", line.dump());
}

}  // namespace coco_mcu
