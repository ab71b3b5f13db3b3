// How a prepared picture is given to an engine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/view.h"

namespace coco_mcu::cli {

/// What the engine takes for a picture: `rgb` are height x width x 3 bytes of the model's input
/// size. A model that reads one channel gets their luma (0.299 R + 0.587 G + 0.114 B in 1/256,
/// rounded), which `working` then holds.
const std::uint8_t* input_of(std::span<const std::uint8_t> rgb, const model::View& model,
                             std::vector<std::uint8_t>& working);

/// The same to keep.
std::vector<std::uint8_t> kept_input_of(std::span<const std::uint8_t> rgb,
                                        const model::View& model);

}  // namespace coco_mcu::cli
