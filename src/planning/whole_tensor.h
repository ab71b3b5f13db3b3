// The simplest plan: every tensor whole, one layer after the other.
#pragma once

#include "model/integer_model.h"

namespace coco_mcu::planning {

/// Places every tensor from the layer that makes it to the last that reads it, elementwise layers
/// in place, and every layer's scratch while it runs. Large buffers are placed first, each at the
/// lowest free address (greedy by size, Pisarchyk and Lee 2020).
model::Plan plan_whole_tensors(const model::IntegerModel& model);

}  // namespace coco_mcu::planning
