// The steps of a plan before they have places: who reads whom, which share a buffer, and how many
// rows each ring must hold for its pass not to get stuck.
#pragma once

#include <cstddef>
#include <vector>

#include "model/integer_model.h"
#include "model/pass_walk.h"

namespace coco_mcu::planning {

/// One step, numbered through the plan.
struct StepNode {
  int layer = 0;
  int pass = 0;
  int last_pass = 0;  // that reads it
  int readers = 0;
  int sources[2] = {-1, -1};
  int owner = 0;      // the first of the steps that share its buffer, itself included
  int ring_rows = 0;  // of the owner's buffer
  bool is_whole = false;
};

class StepGraph {
 public:
  /// `plan` has rows 0 where a step's buffer is to be a ring.
  StepGraph(const model::IntegerModel& model, const model::Plan& plan);

  /// Finds the least heights: as few as the windows need, one more where the pass gets stuck.
  /// False where no height helps.
  bool size_rings();

  void write_rows(model::Plan& plan) const;

  /// Loads a pass, its rings as they are sized.
  void load(int pass, model::PassWalk& walk) const;

  const std::vector<StepNode>& steps() const { return steps_; }
  const model::Operator& layer(const StepNode& step) const {
    return model_.operators[static_cast<std::size_t>(step.layer)];
  }
  int passes() const { return passes_; }

 private:
  void find_sources(StepNode& step);
  void share_buffers();
  void start_rings();
  bool grow_ring(const model::PassWalk& walk);
  StepNode& owner(std::size_t step) { return steps_[static_cast<std::size_t>(steps_[step].owner)]; }

  const model::IntegerModel& model_;
  std::vector<StepNode> steps_;
  int passes_ = 0;
};

}  // namespace coco_mcu::planning
