// Where code, model, stack, variables and arena lie on a board.
#pragma once

#include <cstdint>
#include <string>

#include "firmware/board.h"

namespace coco_mcu::firmware {

/// What an emitted firmware needs and may use, in bytes.
struct MemoryBudget {
  std::uint32_t arena_bytes = 0;  // of the model's plan
  std::uint32_t stack_bytes = 0;
  std::uint32_t ram_bytes = 0;           // that may be used: stack, variables, arena
  std::uint32_t model_region_bytes = 0;  // of flash that the model may take
  std::uint32_t checksum_bytes = 0;      // of the model's layers
};

/// Bytes of RAM that are enough.
std::uint32_t ram_needed(const MemoryBudget& budget);

/// A script for GNU ld that refuses what does not fit, and says by how much.
std::string linker_script(const Board& board, const MemoryBudget& budget);

}  // namespace coco_mcu::firmware
