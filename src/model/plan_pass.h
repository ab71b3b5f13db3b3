// One pass of a model's plan, ready to be walked. Freestanding.
#pragma once

#include "model/pass_walk.h"
#include "model/view.h"

namespace coco_mcu::model {

/// The last step before `step` that computes layer `layer`, or -1.
int source_step(const View& model, int step, int layer);

/// Whether a step may write each row of its output over the same row of its input number `input`:
/// the layer's kind allows it, and both have one buffer.
bool shares_buffer(const OperatorAttributes& layer, const PlanStepView& step,
                   const OperatorAttributes& input, const PlanStepView& source, int index);

/// The pass's number of the first step and the one behind its last.
struct PassBounds {
  int first = 0;
  int end = 0;
};
PassBounds pass_bounds(const View& model, int pass);

/// Loads pass `pass` into `walk`. Its steps and their sources are valid.
void load_pass(const View& model, int pass, PassWalk& walk);

}  // namespace coco_mcu::model
