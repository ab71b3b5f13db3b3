// The networks of the shared material (COCO_MCU_SHARED). Each throws std::runtime_error where it is
// absent.
#pragma once

#include <string>

#include "model/integer_model.h"
#include "network/checkpoint.h"

namespace coco_mcu {

/// The trained network of 2019 in floats, with the quantizers it was trained with.
network::Checkpoint reference_checkpoint();

/// The trained network of 2019 with 8-bit weights, without a plan: after exact removal of what is
/// dead in it, or whole. Its ranges are made up.
model::IntegerModel reference_network(bool with_attention);

/// The SwiftNet of 224 x 224 in floats.
network::Checkpoint swiftnet_checkpoint();

/// "person_detect" or "vww_96_int8" (MobileNetV1 0.25 at 96 x 96), without a plan.
model::IntegerModel tflite_model(const std::string& name);

}  // namespace coco_mcu
