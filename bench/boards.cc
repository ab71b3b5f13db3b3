// Claim: simulated boards decide on photographs bit for bit as the host does, and every model fits:
// RAM, flash and code of each beside its limit. Needs the shared material (COCO_MCU_SHARED),
// arm-none-eabi-g++ and qemu-system-arm.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/support/bench.h"
#include "bench/support/shared_networks.h"
#include "bench/support/untrained_model.h"
#include "dataset/image.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "firmware/emit.h"
#include "firmware/simulate.h"
#include "kernels/kernels.h"
#include "model/model_file.h"
#include "model/serialize.h"
#include "planning/planner.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kBoards[] = {"mps2-an386", "mps2-an500", "mps2-an505", "mps3-an547"};
constexpr std::size_t kPictures = 20;

/// Bytes on the Cortex-M4, the first board; 0 where there is no limit.
struct Limits {
  std::uint32_t ram = 0;
  std::uint32_t flash = 0;
  std::uint32_t code = 0;
};

struct Subject {
  std::string name;
  model::ModelFile model;
  Limits limits;
};

/// The model with the plan that needs least RAM.
model::ModelFile smallest(const model::IntegerModel& model) {
  return with_plan(model, planning::search(model, /*streams_input=*/true).back().plan,
                   model.network);
}

std::vector<Subject> subjects() {
  const model::ModelFile person = model::read_model("models/person.cmcu");
  std::vector<Subject> result;
  result.push_back({"person", person, {139000, 272000, 20000}});
  result.push_back(
      {"person_least", smallest(model::deserialize(person.bytes())), {112000, 272000, 20000}});
  result.push_back({"coco_mcu_2bit", model::read_model("models/coco_mcu-2bit.cmcu"), {}});
  result.push_back({"reference_w8", smallest(reference_network(false)), {101000, 120000, 0}});
  return result;
}

std::vector<std::uint8_t> photographs(const core::Preprocessing& preprocessing) {
  const auto folder = testing::shared_material("data/coco_val");
  if (!folder) throw std::runtime_error("needs the shared material: set COCO_MCU_SHARED");
  std::vector<std::filesystem::path> files = dataset::list_pictures(folder->string());
  files.resize(std::min(files.size(), kPictures));
  std::vector<std::uint8_t> pictures;
  for (const std::filesystem::path& file : files) {
    const auto rgb = dataset::prepare(dataset::read_image(file), preprocessing).rgb;
    pictures.insert(pictures.end(), rgb.begin(), rgb.end());
  }
  return pictures;
}

std::vector<std::int32_t> probabilities_on_host(const model::View& model,
                                                std::span<const std::uint8_t> pictures) {
  const kernels::Backend& backend = kernels::best_backend();
  engine::Arena arena(engine::arena_bytes(model, backend));
  engine::Engine engine(model, backend, arena.data());
  std::vector<std::int32_t> result;
  const std::size_t bytes = model::tensor_bytes(model.attributes(0));
  for (; pictures.size() >= bytes; pictures = pictures.subspan(bytes)) {
    result.push_back(engine.run(pictures.data()).probability);
  }
  return result;
}

std::string beside(std::uint32_t figure, std::uint32_t limit) {
  return limit == 0 ? fmt::format("{}", figure) : fmt::format("{} (limit {})", figure, limit);
}

Json measure_board(const Subject& subject, const char* board_name,
                   std::span<const std::uint8_t> pictures,
                   const std::vector<std::int32_t>& expected) {
  const testing::TemporaryFolder temporary;
  const std::filesystem::path folder = temporary.path() / "firmware";
  const firmware::Board& board = firmware::board_named(board_name);
  firmware::emit(subject.model, board, {}, folder);
  firmware::build(folder);
  const firmware::Simulation simulation =
      firmware::simulate(folder, board, subject.model.view(), pictures);
  std::size_t equal = 0;
  for (std::size_t i = 0; i < simulation.decisions.size() && i < expected.size(); ++i) {
    if (simulation.decisions[i].probability == expected[i]) ++equal;
  }
  const bool is_golden = firmware::simulate_golden(folder, board);
  const std::uint32_t ram =
      simulation.arena_bytes + simulation.stack_bytes + simulation.static_bytes;
  const Limits limits = &board == &firmware::board_named(kBoards[0]) ? subject.limits : Limits{};
  fmt::print(
      "{:<14} {:<11} {} of {} equal, golden vector {}; RAM {}: arena {}, stack {}, "
      "variables {}; flash {}: code {}, model {}\n",
      subject.name, board_name, equal, expected.size(), is_golden ? "equal" : "differs",
      beside(ram, limits.ram), simulation.arena_bytes, simulation.stack_bytes,
      simulation.static_bytes, beside(simulation.code_bytes + simulation.model_bytes, limits.flash),
      beside(simulation.code_bytes, limits.code), simulation.model_bytes);
  std::fflush(stdout);
  return {{"equal", equal},
          {"pictures", expected.size()},
          {"golden", is_golden},
          {"ram_bytes", ram},
          {"stack_and_static_bytes", simulation.stack_bytes + simulation.static_bytes},
          {"flash_bytes", simulation.code_bytes + simulation.model_bytes},
          {"code_bytes", simulation.code_bytes}};
}

}  // namespace

void measure(std::span<char*> /*arguments*/) {
  Json line;
  for (const Subject& subject : subjects()) {
    const model::View model = subject.model.view();
    const std::vector<std::uint8_t> pictures = photographs(model.preprocessing());
    const std::vector<std::int32_t> expected = probabilities_on_host(model, pictures);
    for (const char* board : kBoards) {
      line[subject.name][board] = measure_board(subject, board, pictures, expected);
    }
  }
  fmt::print("{}\n", line.dump());
}

}  // namespace coco_mcu
