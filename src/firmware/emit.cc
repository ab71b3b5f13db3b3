#include "firmware/emit.h"

#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "firmware/emitted_files.h"
#include "firmware/linker_script.h"
#include "firmware/new_folder.h"
#include "firmware/used_code.h"

namespace coco_mcu::firmware {
namespace {

constexpr const char* kBuildFile = R"(# Written by coco-mcu emit for {board} ({description}).
#   cmake -S . -B build && cmake --build build      makes build/firmware
cmake_minimum_required(VERSION 3.16)
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
project(firmware LANGUAGES CXX ASM)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_EXTENSIONS ON)
file(GLOB_RECURSE sources src/*.cc)
add_executable(firmware ${{sources}} model.S)
target_include_directories(firmware PRIVATE src)
target_include_directories(firmware SYSTEM PRIVATE third_party)
target_compile_options(firmware PRIVATE -mcpu={cpu} -mthumb {float_abi})
target_compile_options(firmware PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Os -flto -DNDEBUG -fno-exceptions -fno-rtti
  -fno-threadsafe-statics -fomit-frame-pointer -ffunction-sections -fdata-sections -ffp-contract=off>)
target_link_options(firmware PRIVATE -mcpu={cpu} -mthumb {float_abi} -nostartfiles
  --specs=nano.specs -Wl,--gc-sections -T ${{CMAKE_CURRENT_SOURCE_DIR}}/board.ld
  -Wl,--no-warn-rwx-segments)
# What takes the time is made fast, the rest small.
file(GLOB fast {fast_sources})
set_source_files_properties(${{fast}} PROPERTIES COMPILE_OPTIONS -O2)
# Assembly with macros of its own is compiled by itself.
file(GLOB assembly src/kernels/cortex_m/*lanes.cc src/kernels/cortex_m/halves.cc
  src/kernels/cortex_m/taps.cc src/kernels/helium/pixel_pairs.cc)
set_source_files_properties(${{assembly}} PROPERTIES COMPILE_OPTIONS "-O2;-fno-lto")
set_target_properties(firmware PROPERTIES LINK_DEPENDS ${{CMAKE_CURRENT_SOURCE_DIR}}/board.ld)
set_source_files_properties(model.S PROPERTIES
  OBJECT_DEPENDS ${{CMAKE_CURRENT_SOURCE_DIR}}/model.cmcu
  COMPILE_OPTIONS "-I${{CMAKE_CURRENT_SOURCE_DIR}}")
)";

constexpr const char* kModelSource = R"(/* The model file as it is, read in place. */
  .section .model, "a"
  .balign 64
  .incbin "model.cmcu"

/* A checksum for each of its layers. */
  .bss
  .balign 4
  .global coco_mcu_checksums
coco_mcu_checksums:
  .space {checksum_bytes}
)";

constexpr const char* kReadme = R"(# Firmware for {board}

Written by `coco-mcu emit`: the engine, the model `model.cmcu` and the board's start-up code and linker script ({description}).

    cmake -S . -B build && cmake --build build

needs arm-none-eabi-gcc with newlib and libstdc++ and makes `build/firmware`, an ELF file. In the simulator:

    qemu-system-arm -M {board} -display none -monitor none -serial none -kernel build/firmware \
      -semihosting-config enable=on,target=native,arg=firmware,arg=pictures.rgb

where `pictures.rgb` holds pictures of {width} x {height} pixels, 3 bytes each, rows from top to bottom. `src/firmware/device/main.cc` is
the place for a camera of your own. The headers in `third_party/flatbuffers` are FlatBuffers' (Apache License 2.0, Google).
)";

/// The sources that take the time on a board, as the build file's glob.
const char* fast_sources(const Board& board) {
  const std::string_view kernels = board.kernels;
  if (kernels.empty()) return "src/kernels/*.cc src/kernels/reference/*.cc";
  if (kernels == "helium") return "src/kernels/*.cc src/kernels/helium/*.cc";
  return "src/kernels/*.cc src/kernels/cortex_m/*2w8a.cc src/kernels/cortex_m/pixel_lanes.cc "
         "src/kernels/cortex_m/strip.cc";
}

/// Whether a source belongs to a board: of the kernels, its processor's and the reference.
bool is_for(const Board& board, std::string_view path) {
  const std::string_view own = board.kernels;
  if (path.starts_with("src/firmware/library/")) return false;
  if (path == "src/kernels/backends_portable.cc") return own.empty();
  for (const std::string_view kernels : {"cortex_m", "helium"}) {
    if (path.starts_with(fmt::format("src/kernels/{}/", kernels))) return kernels == own;
  }
  return true;
}

std::uint32_t checksum_bytes(const model::ModelFile& model) {
  return sizeof(std::uint32_t) * static_cast<std::uint32_t>(model.view().operator_count());
}

void check_fit(const model::ModelFile& model, const Board& board, const MemoryBudget& budget) {
  const std::size_t model_bytes = model.bytes().size();
  if (budget.model_region_bytes > board.most_model_bytes) {
    throw std::runtime_error(fmt::format("--model-region {}: {} has {} bytes for a model at most",
                                         budget.model_region_bytes, board.name,
                                         board.most_model_bytes));
  }
  if (budget.ram_bytes > board.most_ram_bytes) {
    throw std::runtime_error(fmt::format("--ram {}: {} has {} bytes", budget.ram_bytes, board.name,
                                         board.most_ram_bytes));
  }
  if (model_bytes > budget.model_region_bytes) {
    throw std::runtime_error(fmt::format(
        "model: its {} bytes are {} more than the region of {} bytes; use fewer bits, or "
        "--model-region {} where the board has that flash",
        model_bytes, model_bytes - budget.model_region_bytes, budget.model_region_bytes,
        model_bytes));
  }
  const std::uint32_t needed = ram_needed(budget);
  if (needed > budget.ram_bytes) {
    throw std::runtime_error(fmt::format(
        "arena: its {} bytes with {} bytes of stack are {} more than the {} bytes of RAM; plan the "
        "model for less, or give --ram {} where the board has that",
        budget.arena_bytes, budget.stack_bytes, needed - budget.ram_bytes, budget.ram_bytes,
        needed));
  }
}

}  // namespace

void emit(const model::ModelFile& model, const Board& board, const EmitOptions& options,
          const std::filesystem::path& folder) {
  const MemoryBudget budget = {
      .arena_bytes = model.view().arena_bytes(),
      .stack_bytes = options.stack_bytes,
      .ram_bytes = options.ram_bytes != 0 ? options.ram_bytes : board.ram.bytes,
      .model_region_bytes =
          options.model_region_bytes != 0 ? options.model_region_bytes : board.model.bytes,
      .checksum_bytes = checksum_bytes(model)};
  check_fit(model, board, budget);
  const NewFolder out(folder);
  for (const EmittedFile& file : emitted_files()) {
    if (is_for(board, file.path)) out.write(file.path, file.text);
  }
  write_used_code(model, out);
  const core::Preprocessing picture = model.view().preprocessing();
  using fmt::arg;
  out.write("CMakeLists.txt",
            fmt::format(kBuildFile, arg("board", board.name), arg("description", board.description),
                        arg("cpu", board.cpu), arg("float_abi", board.float_abi),
                        arg("fast_sources", fast_sources(board))));
  out.write("README.md",
            fmt::format(kReadme, arg("board", board.name), arg("description", board.description),
                        arg("width", picture.width), arg("height", picture.height)));
  out.write("board.ld", linker_script(board, budget));
  out.write("model.S", fmt::format(kModelSource, arg("checksum_bytes", budget.checksum_bytes)));
  out.write_model(model);
}

}  // namespace coco_mcu::firmware
