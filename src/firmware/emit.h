// Writes a folder that arm-none-eabi-gcc alone makes firmware of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "firmware/board.h"
#include "model/model_file.h"

namespace coco_mcu::firmware {

struct EmitOptions {
  std::uint32_t ram_bytes = 0;           // that may be used; 0: the board's default
  std::uint32_t model_region_bytes = 0;  // 0: the board's default
  std::uint32_t stack_bytes = 8192;
};

/// Fills `folder`, which is new or empty, with sources, model, linker script, CMakeLists.txt and
/// README.md. Throws std::runtime_error where the folder holds something, or where model or arena
/// do not fit the board: by how much, and what would fit.
void emit(const model::ModelFile& model, const Board& board, const EmitOptions& options,
          const std::filesystem::path& folder);

}  // namespace coco_mcu::firmware
