// An int8 network of TensorFlow Lite, per-channel weights, becomes an integer model that computes
// the same to the bit, but for the probabilities, which may be one of 256 steps beside (docs/
// exchange.md says why).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/integer_model.h"

namespace coco_mcu::exchange {

/// What the file does not say.
struct TfliteOptions {
  std::string name;                 // the network's
  std::vector<std::string> labels;  // one for each class
};

/// The model without plan and golden vector. Its codes are TensorFlow Lite's int8 plus 128. Throws
/// std::runtime_error naming file and operator, the reason and the remedy.
model::IntegerModel import_tflite(std::span<const std::uint8_t> bytes, std::string_view file,
                                  const TfliteOptions& options);

}  // namespace coco_mcu::exchange
