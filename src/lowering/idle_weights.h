// Fully connected layers store only the weights that count: squeeze-excite layers of trained
// networks read few of the channels they could, and some of their gates are constant.
#pragma once

#include "model/integer_model.h"

namespace coco_mcu::lowering {

/// In every fully connected layer, leaves out the input channels whose weights are all zero and the
/// output channels whose weights are (their codes become constants). The model computes the same
/// codes. Layers without such channels stay as they are.
void leave_out_idle_weights(model::IntegerModel& model);

}  // namespace coco_mcu::lowering
