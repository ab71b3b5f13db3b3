// Claim: on a Cortex-M4 the whole reference network with 2-bit weights takes at most 1.6
// instructions per multiply-accumulate. Prints those of each kind of board beside CMSIS-NN's
// estimate for its int8 kernels (docs/microcontroller.md); needs arm-none-eabi-g++ and
// qemu-system-arm.

#include <cstdio>
#include <string>
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

struct Processor {
  const char* name;
  const char* board;
  const char* peer;  // CMSIS-NN's int8 kernels
};

constexpr Processor kProcessors[] = {{"m4", "mps2-an386", "3.4 to 3.8"},
                                     {"m7", "mps2-an500", "about as on M4"},
                                     {"m33", "mps2-an505", "unknown"},
                                     {"m55", "mps3-an547", "1.0"}};

double instructions_per_mac(const model::ModelFile& model, const char* board_name) {
  const testing::TemporaryFolder folder;
  const firmware::Board& board = firmware::board_named(board_name);
  firmware::EmitOptions options;
  options.ram_bytes = 512 * 1024;
  options.model_region_bytes = 512 * 1024;
  firmware::emit(model, board, options, folder.path() / "firmware");
  firmware::build(folder.path() / "firmware");
  const std::vector<std::uint8_t> picture(model::tensor_bytes(model.view().layer(0)), 100);
  const firmware::Simulation simulation =
      firmware::simulate(folder.path() / "firmware", board, model.view(), picture);
  return static_cast<double>(simulation.decisions.at(0).instructions) /
         static_cast<double>(model::macs(model.view()));
}

}  // namespace

void measure(std::span<char*> /*arguments*/) {
  const model::ModelFile model = lower_untrained(testing::made_up_checkpoint(), "w2");
  nlohmann::ordered_json line;
  for (const Processor& processor : kProcessors) {
    const double measured = instructions_per_mac(model, processor.board);
    fmt::print("{:<4} {:.3f} instructions per MAC; CMSIS-NN int8: {}\n", processor.name, measured,
               processor.peer);
    line[std::string(processor.name) + "_instructions_per_mac"] = measured;
  }
  line["m4_limit"] = 1.6;
  fmt::print("{}\n", line.dump());
}

}  // namespace coco_mcu
