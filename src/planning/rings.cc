#include "planning/rings.h"

#include <algorithm>

namespace coco_mcu::planning {

using model::IntegerModel;
using model::Operator;

StepGraph::StepGraph(const IntegerModel& model, const model::Plan& plan) : model_(model) {
  for (const model::PlanPass& pass : plan.passes) {
    for (const model::PlanStep& planned : pass) {
      StepNode step;
      step.layer = planned.layer;
      step.pass = step.last_pass = passes_;
      step.owner = static_cast<int>(steps_.size());
      step.is_whole = planned.rows != 0;
      find_sources(step);
      steps_.push_back(step);
    }
    ++passes_;
  }
  share_buffers();
  start_rings();
}

void StepGraph::find_sources(StepNode& step) {
  const Operator& made = layer(step);
  for (std::size_t i = 0; i < made.inputs.size(); ++i) {
    const auto makes_it = [&](const StepNode& other) { return other.layer == made.inputs[i]; };
    const auto found = std::find_if(steps_.rbegin(), steps_.rend(), makes_it);
    step.sources[i] = static_cast<int>(steps_.rend() - found) - 1;
    found->last_pass = step.pass;
    ++found->readers;
  }
}

/// A layer that may write over what it reads does so where nobody else reads that.
void StepGraph::share_buffers() {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    StepNode& step = steps_[i];
    const Operator& made = layer(step);
    for (std::size_t input = 0; input < made.inputs.size(); ++input) {
      const StepNode& source = steps_[static_cast<std::size_t>(step.sources[input])];
      const bool is_free = source.readers == 1 && (source.pass == step.pass || source.is_whole);
      if (!is_free || !model::may_overwrite(made.kind, static_cast<int>(input)) ||
          model::row_bytes(layer(source)) != model::row_bytes(made) ||
          layer(source).height != made.height) {
        continue;
      }
      // One pass has one order; a ring of an earlier pass is gone.
      step.owner = source.owner;
      break;
    }
  }
}

void StepGraph::start_rings() {
  for (StepNode& step : steps_) {
    StepNode& own = steps_[static_cast<std::size_t>(step.owner)];
    own.ring_rows = std::max(own.ring_rows, step.is_whole ? layer(step).height : 1);
    const Operator& made = layer(step);
    for (std::size_t i = 0; i < made.inputs.size(); ++i) {
      const int input = static_cast<int>(i);
      const Operator& read = model_.operators[static_cast<std::size_t>(made.inputs[i])];
      const int span = std::min<int>(model::row_window(made, input, read).span, read.height);
      StepNode& source = steps_[static_cast<std::size_t>(step.sources[i])];
      StepNode& source_owner = steps_[static_cast<std::size_t>(source.owner)];
      source_owner.ring_rows = std::max(source_owner.ring_rows, span);
    }
  }
}

void StepGraph::load(int pass, model::PassWalk& walk) const {
  const auto in_pass = [&](const StepNode& step) { return step.pass == pass; };
  const auto first = std::find_if(steps_.begin(), steps_.end(), in_pass);
  const int first_number = static_cast<int>(first - steps_.begin());
  walk.begin(first_number);
  for (auto step = first; step != steps_.end() && step->pass == pass; ++step) {
    const Operator& made = layer(*step);
    const Operator& x =
        made.inputs.empty() ? made : model_.operators[static_cast<std::size_t>(made.inputs[0])];
    model::WalkStep order;
    order.units = static_cast<std::int16_t>(model::row_units(made, x));
    order.ring_rows =
        static_cast<std::int16_t>(steps_[static_cast<std::size_t>(step->owner)].ring_rows);
    order.gathers = made.kind == model::OperatorKind::kGlobalAverage;
    order.inputs = static_cast<std::int8_t>(model::input_count(made.kind));
    for (int i = 0; i < order.inputs; ++i) {
      const Operator& read =
          model_.operators[static_cast<std::size_t>(made.inputs[static_cast<std::size_t>(i)])];
      order.windows[i] = model::row_window(made, i, read);
      order.sources[i] = static_cast<std::int16_t>(step->sources[i]);
      const int source = step->sources[i];
      const bool is_shared = order.overwrites < 0 && source >= first_number &&
                             model::may_overwrite(made.kind, i) &&
                             steps_[static_cast<std::size_t>(source)].owner == step->owner;
      if (is_shared) order.overwrites = static_cast<std::int16_t>(source);
    }
    walk.add(order);
  }
}

bool StepGraph::size_rings() {
  model::PassWalk walk;
  for (int pass = 0; pass < passes_; ++pass) {
    bool is_done = false;
    while (!is_done) {
      load(pass, walk);
      for (int index = walk.next(); index >= 0; index = walk.next()) walk.advance(index);
      is_done = walk.is_done();
      if (!is_done && !grow_ring(walk)) return false;
    }
  }
  return true;
}

/// Gives one more row to the step nearest to the pass's end that has its inputs but no room.
bool StepGraph::grow_ring(const model::PassWalk& walk) {
  for (int i = walk.count(); i-- > 0;) {
    if (walk.is_done(i) || !walk.has_inputs(i)) continue;
    const auto number = static_cast<std::size_t>(walk.first_step() + i);
    StepNode& own = owner(number);
    if (own.ring_rows >= layer(own).height) continue;
    ++own.ring_rows;
    return true;
  }
  return false;
}

void StepGraph::write_rows(model::Plan& plan) const {
  std::size_t number = 0;
  for (model::PlanPass& pass : plan.passes) {
    for (model::PlanStep& step : pass) {
      step.rows = steps_[static_cast<std::size_t>(steps_[number++].owner)].ring_rows;
    }
  }
}

}  // namespace coco_mcu::planning
