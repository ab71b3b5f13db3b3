// What of each buffer is alive at every moment of a plan, and from it how near buffers may come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/integer_model.h"
#include "planning/placement.h"
#include "planning/rings.h"
#include "planning/schedule.h"

namespace coco_mcu::planning {

class LiveBuffers {
 public:
  LiveBuffers(const model::IntegerModel& model, const model::Plan& plan, const StepGraph& graph);

  std::vector<std::int64_t> bytes() const;
  const Gaps& gaps() const { return gaps_; }
  std::size_t buffer_of(std::size_t step) const { return step_buffers_[step]; }
  int scratch_of(std::size_t step) const { return step_scratches_[step]; }  // -1: none
  const std::vector<PlacedBuffer>& buffers() const { return buffers_; }
  const std::vector<int>& pass_ends() const { return pass_ends_; }

 private:
  /// Bytes of a buffer, from its beginning, that are in use; empty: none.
  struct Hull {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };

  void make_buffers();
  void walk_pass(int pass);
  void see_unit(int index);
  /// Takes buffer `buffer` with `hull` to be alive together with all others.
  void meet(std::size_t buffer, const Hull& hull);
  void update(std::size_t buffer);
  Hull hull_of_step(std::size_t step) const;
  void touch(std::size_t buffer);

  const model::IntegerModel& model_;
  const StepGraph& graph_;
  bool streams_input_;
  std::vector<PlacedBuffer> buffers_;
  std::vector<std::size_t> step_buffers_;
  std::vector<int> step_scratches_;
  std::vector<std::vector<std::size_t>> members_;  // of each buffer, the steps that share it
  std::vector<Hull> hulls_;
  Gaps gaps_;
  model::PassWalk walk_;
  int pass_ = 0;
  int now_ = 0;
  std::vector<int> pass_ends_;
};

}  // namespace coco_mcu::planning
