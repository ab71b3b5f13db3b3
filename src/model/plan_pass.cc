#include "model/plan_pass.h"

namespace coco_mcu::model {

int source_step(const View& model, int step, int layer) {
  return model.last_step_of(layer, step);
}

bool shares_buffer(const OperatorAttributes& layer, const PlanStepView& step,
                   const OperatorAttributes& input, const PlanStepView& source, int index) {
  return may_overwrite(layer.kind, index) && step.offset == source.offset &&
         step.rows == source.rows && row_bytes(layer) == row_bytes(input);
}

PassBounds pass_bounds(const View& model, int pass) {
  return {pass == 0 ? 0 : model.pass_end(pass - 1), model.pass_end(pass)};
}

void load_pass(const View& model, int pass, PassWalk& walk) {
  const PassBounds bounds = pass_bounds(model, pass);
  walk.begin(bounds.first);
  for (int i = bounds.first; i < bounds.end; ++i) {
    const PlanStepView step = model.plan_step(i);
    const OperatorView layer = model.layer(step.layer);
    WalkStep order;
    order.units = static_cast<std::int16_t>(row_units(layer, model.attributes(layer.inputs[0])));
    order.ring_rows = static_cast<std::int16_t>(step.rows);
    order.gathers = layer.kind == OperatorKind::kGlobalAverage;
    order.inputs = static_cast<std::int8_t>(input_count(layer.kind));
    for (int input = 0; input < order.inputs; ++input) {
      const OperatorAttributes read = model.attributes(layer.inputs[input]);
      const int source = source_step(model, i, layer.inputs[input]);
      order.windows[input] = row_window(layer, input, read);
      order.sources[input] = static_cast<std::int16_t>(source);
      const bool is_shared = source >= bounds.first && order.overwrites < 0 &&
                             shares_buffer(layer, step, read, model.plan_step(source), input);
      if (is_shared) order.overwrites = static_cast<std::int16_t>(source);
    }
    walk.add(order);
  }
}

}  // namespace coco_mcu::model
