#include "firmware/board.h"

#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::firmware {
namespace {

constexpr std::uint32_t kKilobyte = 1024;
constexpr std::uint32_t kMegabyte = 1024 * kKilobyte;

constexpr const char* kSoftFloat = "-mfloat-abi=soft";
constexpr const char* kHardFloat = "-mfloat-abi=hard -mfpu=auto";

/// Code and model of the FPGA images of Arm's MPS2 stand in the first RAM, as in flash.
constexpr Board kBoards[] = {
    {"mps2-an385",
     "Cortex-M3",
     "cortex-m3",
     kSoftFloat,
     "",
     {0x0, kMegabyte},
     {0x00100000, 256 * kKilobyte},
     {0x20000000, 256 * kKilobyte},
     3 * kMegabyte,
     4 * kMegabyte},
    {"mps2-an386",
     "Cortex-M4 with DSP instructions",
     "cortex-m4",
     kHardFloat,
     "cortex_m",
     {0x0, kMegabyte},
     {0x00100000, 256 * kKilobyte},
     {0x20000000, 256 * kKilobyte},
     3 * kMegabyte,
     4 * kMegabyte},
    {"mps2-an500",
     "Cortex-M7",
     "cortex-m7",
     kHardFloat,
     "cortex_m",
     {0x0, kMegabyte},
     {0x00100000, 256 * kKilobyte},
     {0x20000000, 256 * kKilobyte},
     3 * kMegabyte,
     4 * kMegabyte},
    {"mps2-an505",
     "Cortex-M33 with DSP instructions",
     "cortex-m33",
     kHardFloat,
     "cortex_m",
     {0x10000000, kMegabyte},
     {0x10100000, 256 * kKilobyte},
     {0x38000000, 256 * kKilobyte},
     3 * kMegabyte,
     4 * kMegabyte},
    {"mps3-an547",
     "Cortex-M55 with Helium vectors",
     "cortex-m55",
     kHardFloat,
     "helium",
     {0x0, 512 * kKilobyte},
     {0x01000000, 256 * kKilobyte},
     {0x30000000, 256 * kKilobyte},
     2 * kMegabyte,
     512 * kKilobyte},
    {"netduinoplus2",
     "Cortex-M4 of an STM32F405: 1 MB of flash, 128 KB of RAM",
     "cortex-m4",
     kHardFloat,
     "cortex_m",
     {0x08000000, 256 * kKilobyte},
     {0x08040000, 256 * kKilobyte},
     {0x20000000, 128 * kKilobyte},
     768 * kKilobyte,
     128 * kKilobyte},
    {"microbit",
     "Cortex-M0 of an nRF51822: 256 KB of flash, 16 KB of RAM",
     "cortex-m0",
     kSoftFloat,
     "",
     {0x0, 128 * kKilobyte},
     {0x00020000, 128 * kKilobyte},
     {0x20000000, 16 * kKilobyte},
     128 * kKilobyte,
     16 * kKilobyte},
};

}  // namespace

std::span<const Board> boards() {
  return kBoards;
}

std::string board_names() {
  std::string names;
  for (const Board& board : kBoards) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", board.name);
  }
  return names;
}

const Board& board_named(std::string_view name) {
  for (const Board& board : kBoards) {
    if (name == board.name) return board;
  }
  throw std::runtime_error(
      fmt::format("board {}: is not known; there is: {}", name, board_names()));
}

}  // namespace coco_mcu::firmware
