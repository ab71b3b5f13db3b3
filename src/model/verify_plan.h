// The part of verify() that looks at the plan. See verify.h.
#pragma once

#include "model/verify.h"
#include "model/view.h"

namespace coco_mcu::model {

/// That each pass reads only rows that are there, that every buffer and every scratch lies within
/// the arena, aligned, and that nothing is written over rows that are read later. The layers have
/// been verified.
Refusal verify_plan(const View& model);

}  // namespace coco_mcu::model
