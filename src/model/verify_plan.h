// The part of verify() that looks at the plan. See verify.h.
#pragma once

#include "model/verify.h"
#include "model/view.h"

namespace coco_mcu::model {

/// That every tensor and every scratch lies within the arena, aligned, and that nothing is written
/// over a tensor that is read later. The layers have been verified.
Refusal verify_plan(const View& model);

}  // namespace coco_mcu::model
