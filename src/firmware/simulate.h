// Builds emitted firmware and runs it in qemu-system-arm, instructions counted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "firmware/board.h"
#include "model/view.h"

namespace coco_mcu::firmware {

/// What one picture took.
struct SimulatedDecision {
  std::int32_t probability = 0;  // 32768 is 1
  std::uint64_t instructions = 0;
  /// In the order of the model's layers; of a plan that computes them row by row nothing.
  std::vector<std::uint64_t> layer_instructions;
};

struct Simulation {
  std::string backend;
  std::vector<SimulatedDecision> decisions;
  /// Names, in the order of the model's layers; nothing where layer_instructions is.
  std::vector<std::string> kernels;
  std::uint32_t arena_bytes = 0;
  std::uint32_t stack_bytes = 0;   // most that was used
  std::uint32_t static_bytes = 0;  // variables
  std::uint32_t code_bytes = 0;    // of flash, constants and initial values included
  std::uint32_t model_bytes = 0;   // of flash
};

/// Builds `folder`, made by emit(), into `folder`/build/firmware. Throws std::runtime_error with
/// the compiler's or the linker's complaint.
void build(const std::filesystem::path& folder);

/// Decides with `model`, of which `folder` was made, on `pictures`, RGB bytes one picture after the
/// other. Throws std::runtime_error with what the firmware complains about, or where QEMU cannot be
/// run.
Simulation simulate(const std::filesystem::path& folder, const Board& board,
                    const model::View& model, std::span<const std::uint8_t> pictures);

/// Whether the firmware computes the model's golden vector.
bool simulate_golden(const std::filesystem::path& folder, const Board& board);

}  // namespace coco_mcu::firmware
