// How a prepared picture gets into an engine.
#pragma once

#include <cstdint>
#include <span>

#include "engine/engine.h"
#include "model/view.h"

namespace coco_mcu::cli {

/// `rgb` are height x width x 3 bytes of the model's input size. A model that reads one channel
/// gets their luma (0.299 R + 0.587 G + 0.114 B in 1/256, rounded).
void write_picture(std::span<const std::uint8_t> rgb, const model::View& model,
                   const engine::Engine& engine);

}  // namespace coco_mcu::cli
