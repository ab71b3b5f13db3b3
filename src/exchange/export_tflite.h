// An integer model as an int8 file of TensorFlow Lite.
#pragma once

#include <string>

#include "model/integer_model.h"

namespace coco_mcu::exchange {

/// What goes in and comes out: the model's own int8 codes, or real numbers that operators at both
/// ends turn into them.
enum class TfliteInterface { kInt8, kFloat };

/// The bytes of a .tflite file. Codes are ours less 128, weights int8 with a scale for each output
/// channel, curves tables of codes (GATHER). Throws std::runtime_error naming the layer where its
/// integers do not follow from its scales or it reads codes that have no zero.
std::string export_tflite(const model::IntegerModel& model, TfliteInterface interface);

}  // namespace coco_mcu::exchange
