#include "model/pass_walk.h"

namespace coco_mcu::model {

void PassWalk::begin(int first_step) {
  count_ = 0;
  first_step_ = first_step;
}

void PassWalk::add(const WalkStep& step) {
  steps_[count_] = step;
  done_[count_] = 0;
  buffers_[count_] = step.overwrites < 0 ? static_cast<std::int16_t>(count_)
                                         : buffers_[step.overwrites - first_step_];
  ++count_;
}

int PassWalk::next() const {
  for (int i = count_; i-- > 0;) {
    if (!is_done(i) && has_inputs(i) && has_room(i)) return i;
  }
  return -1;
}

bool PassWalk::is_done() const {
  for (int i = 0; i < count_; ++i) {
    if (!is_done(i)) return false;
  }
  return true;
}

std::int32_t PassWalk::rows_made(int index) const {
  if (steps_[index].gathers) return is_done(index) ? 1 : 0;
  return done_[index];
}

std::int32_t PassWalk::first_row_read(int source, std::int32_t height, int advanced) const {
  std::int32_t first = height;
  for (int reader = 0; reader < count_; ++reader) {
    const WalkStep& step = steps_[reader];
    const std::int32_t unit = done_[reader] + (reader == advanced ? 1 : 0);
    if (unit >= step.units) continue;
    for (int i = 0; i < step.inputs; ++i) {
      if (step.sources[i] != source) continue;
      const std::int32_t row = step.windows[i].rows(unit).first;
      if (row < first) first = row;
    }
  }
  return first;
}

bool PassWalk::has_inputs(int index) const {
  const WalkStep& step = steps_[index];
  for (int i = 0; i < step.inputs; ++i) {
    const int producer = step.sources[i] - first_step_;
    if (producer >= 0 && step.windows[i].rows(done_[index]).end > rows_made(producer)) return false;
  }
  return true;
}

bool PassWalk::has_room(int index) const {
  const WalkStep& step = steps_[index];
  if (step.gathers || step.overwrites >= 0) return true;
  const std::int32_t replaced = done_[index] - step.ring_rows;
  if (replaced < 0) return true;
  for (int reader = index + 1; reader < count_; ++reader) {
    if (is_done(reader)) continue;
    for (int i = 0; i < steps_[reader].inputs; ++i) {
      const int producer = steps_[reader].sources[i] - first_step_;
      if (producer < 0 || buffers_[producer] != index) continue;
      if (steps_[reader].windows[i].rows(done_[reader]).first <= replaced) return false;
    }
  }
  return true;
}

}  // namespace coco_mcu::model
