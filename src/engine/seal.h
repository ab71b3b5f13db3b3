// Gives a model its golden vector. On hosts: the model is built as plain values.
#pragma once

#include "model/integer_model.h"

namespace coco_mcu::engine {

/// Fills in model.golden by running the reference kernels on the golden input. The model has its
/// plan. Throws std::runtime_error where the model is not a valid one.
void seal(model::IntegerModel& model);

}  // namespace coco_mcu::engine
