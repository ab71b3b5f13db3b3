// In which order the rows of a pass are computed. The engine, the verifier and the planner walk a
// pass with this one class, so that they mean the same moments. Freestanding.
//
// Each step of a pass computes one layer, row by row, into a buffer that holds all of its rows or
// the last few (a ring). Among the steps that can go on - the rows they read are there, and the
// place they write to is no longer read - the one nearest to the pass's end always goes first: rows
// are used up as soon as they can be, and only then is another one made.
#pragma once

#include <cstdint>

#include "model/row_window.h"

namespace coco_mcu::model {

/// Steps that a pass can have.
constexpr int kMaxPassSteps = 64;

/// One step as the order sees it. Steps are numbered through the whole plan. Narrow, as a
/// microcontroller keeps them for a whole pass.
struct WalkStep {
  std::int16_t units = 0;      // of work, see row_units
  std::int16_t ring_rows = 0;  // rows that its buffer holds
  bool gathers = false;        // an average: its one row is there after the last unit
  std::int8_t inputs = 0;
  RowWindow windows[2];
  std::int16_t sources[2] = {-1, -1};  // the steps that make the inputs, of this pass or earlier
  std::int16_t overwrites = -1;        // the step of this pass whose buffer it shares, row by row
};

class PassWalk {
 public:
  /// Begins a pass; its first step has the number `first_step`.
  void begin(int first_step);
  void add(const WalkStep& step);

  int count() const { return count_; }
  int first_step() const { return first_step_; }
  const WalkStep& step(int index) const { return steps_[index]; }

  /// The step of this pass that goes on next, counted from 0, or -1 where none can: the pass is
  /// done, or its rings are too small.
  int next() const;
  /// Notes that step `index` has done its next unit.
  void advance(int index) { ++done_[index]; }

  bool is_done(int index) const { return done_[index] == steps_[index].units; }
  bool is_done() const;
  /// Whether the rows are there that step `index` reads next.
  bool has_inputs(int index) const;
  /// Units that step `index` has done.
  std::int32_t units_done(int index) const { return done_[index]; }
  /// Rows of its output that are computed.
  std::int32_t rows_made(int index) const;
  /// The first row of the tensor that `source` (numbered through the plan) makes that this pass
  /// still reads, or `height` where it reads none any more. Step `advanced` of this pass, unless
  /// -1, is taken as one unit further.
  std::int32_t first_row_read(int source, std::int32_t height, int advanced = -1) const;

 private:
  bool has_room(int index) const;

  WalkStep steps_[kMaxPassSteps];
  std::int16_t done_[kMaxPassSteps] = {};
  std::int16_t buffers_[kMaxPassSteps] = {};  // the step of this pass whose buffer it is
  int count_ = 0;
  int first_step_ = 0;
};

}  // namespace coco_mcu::model
