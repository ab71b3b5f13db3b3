// The boards that firmware is made for: processor, memory, simulator.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace coco_mcu::firmware {

struct MemoryRegion {
  std::uint32_t begin = 0;
  std::uint32_t bytes = 0;
};

struct Board {
  const char* name;         // as QEMU calls the machine
  const char* description;  // "Cortex-M4F, two banks of 4 MB"
  const char* cpu;          // the compiler's -mcpu
  const char* float_abi;    // the compiler's further options
  const char* kernels;      // folder of src/kernels that speeds it up; "" where none does
  MemoryRegion code;
  MemoryRegion model;  // flash of the model unless another size is asked for
  MemoryRegion ram;    // what may be used unless another size is asked for
  std::uint32_t most_model_bytes;
  std::uint32_t most_ram_bytes;
};

std::span<const Board> boards();

/// "mps2-an385, mps2-an386, ..."
std::string board_names();

/// Throws std::runtime_error where there is no board of that name.
const Board& board_named(std::string_view name);

}  // namespace coco_mcu::firmware
