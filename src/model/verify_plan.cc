#include "model/verify_plan.h"

#include "model/header.h"
#include "model/plan_pass.h"

namespace coco_mcu::model {
namespace {

constexpr int kMaxSteps = 1024;

constexpr const char* kOverwrites =
    "plan writes over rows that are read later; plan the model again";

/// Bytes of the arena, end excluded.
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  bool overlaps(const Range& other) const {
    return begin < other.end && other.begin < end && begin < end && other.begin < other.end;
  }
  bool operator==(const Range&) const = default;
};

Range buffer_of(const View& model, const PlanStepView& step) {
  const std::uint64_t bytes = row_bytes(model.layer(step.layer));
  return {step.offset, step.offset + bytes * static_cast<std::uint64_t>(step.rows)};
}

Range scratch_of(const View& model, const PlanStepView& step) {
  const OperatorView layer = model.layer(step.layer);
  return {step.scratch, step.scratch + scratch_bytes(layer, model.layer(layer.inputs[0]))};
}

/// Where row `row` of a step's tensor stands.
Range row_of(const View& model, const PlanStepView& step, std::int32_t row) {
  const std::uint64_t bytes = row_bytes(model.layer(step.layer));
  const std::uint64_t begin = step.offset + bytes * static_cast<std::uint64_t>(row % step.rows);
  return {begin, begin + bytes};
}

/// Whether rows first .. end - 1 of a step's tensor, at most as many as its buffer holds, touch
/// `range`.
bool rows_touch(const View& model, const PlanStepView& step, RowRange rows, const Range& range) {
  if (rows.first >= rows.end) return false;
  const std::int32_t first = rows.first % step.rows;
  const std::int32_t count = rows.end - rows.first;
  const std::int32_t straight = count < step.rows - first ? count : step.rows - first;
  const Range head = {row_of(model, step, first).begin,
                      row_of(model, step, first + straight - 1).end};
  if (head.overlaps(range)) return true;
  if (straight == count) return false;
  return Range{step.offset, row_of(model, step, count - straight - 1).end}.overlaps(range);
}

const char* wrong_passes(const View& model) {
  const int steps = model.plan_step_count();
  if (steps < 1 || steps > kMaxSteps) return "plan does not have 1..1024 steps";
  int first = 0;
  for (int pass = 0; pass < model.pass_count(); ++pass) {
    const int end = model.pass_end(pass);
    if (end <= first || end > steps || end - first > kMaxPassSteps) {
      return "plan has an empty or too long pass; plan the model again";
    }
    first = end;
  }
  return first == steps ? nullptr : "plan has steps behind its last pass; plan the model again";
}

const char* wrong_sources(const View& model, int index, int first_of_pass) {
  const OperatorView layer = model.layer(model.plan_step(index).layer);
  for (int i = 0; i < input_count(layer.kind); ++i) {
    const int source = source_step(model, index, layer.inputs[i]);
    if (source < 0) return "plan reads a layer before it is computed; plan the model again";
    const bool is_whole = model.plan_step(source).rows == model.layer(layer.inputs[i]).height;
    if (source < first_of_pass && !is_whole) {
      return "plan reads rows of an earlier pass that are not kept; plan the model again";
    }
  }
  return nullptr;
}

/// What can be seen of one step without walking.
const char* wrong_step(const View& model, int index, int first_of_pass) {
  const PlanStepView step = model.plan_step(index);
  if (step.layer >= model.operator_count()) return "plan names a layer that is not there";
  const int last = model.operator_count() - 1;
  if ((step.layer == 0) != (index == 0) ||
      (step.layer == last) != (index == model.plan_step_count() - 1)) {
    return "plan does not go from the input to the softmax; plan the model again";
  }
  const OperatorView layer = model.layer(step.layer);
  if (step.rows < 1 || step.rows > layer.height ||
      (step.layer == 0 && !model.streams_input() && step.rows != layer.height)) {
    return "plan has a buffer of a height that does not fit; plan the model again";
  }
  if (step.offset % kAlignment != 0 || step.scratch % kAlignment != 0) {
    return "plan has an offset that is no multiple of 16; plan the model again";
  }
  if (buffer_of(model, step).end > model.arena_bytes() ||
      scratch_of(model, step).end > model.arena_bytes()) {
    return "plan leaves the arena; plan the model again";
  }
  return wrong_sources(model, index, first_of_pass);
}

/// Walks the plan and looks at each write.
class Walker {
 public:
  explicit Walker(const View& model) : model_(model) {}

  Refusal walk() {
    find_last_passes();
    for (pass_ = 0; pass_ < model_.pass_count(); ++pass_) {
      load_pass(model_, pass_, order_);
      for (int index = order_.next(); index >= 0; index = order_.next()) {
        const PlanStepView step = model_.plan_step(order_.first_step() + index);
        if (const char* reason = wrong_unit(index, step)) return {reason, step.layer};
        order_.advance(index);
      }
      if (!order_.is_done()) {
        return {"plan has rings that are too small; plan the model again",
                model_.plan_step(order_.first_step()).layer};
      }
    }
    return {};
  }

 private:
  /// For each step, the pass that reads it last.
  void find_last_passes() {
    for (int pass = 0; pass < model_.pass_count(); ++pass) {
      load_pass(model_, pass, order_);
      for (int i = 0; i < order_.count(); ++i) {
        passes_[order_.first_step() + i] = static_cast<std::int16_t>(pass);
        last_passes_[order_.first_step() + i] = static_cast<std::int16_t>(pass);
        for (int input = 0; input < order_.step(i).inputs; ++input) {
          last_passes_[order_.step(i).sources[input]] = static_cast<std::int16_t>(pass);
        }
      }
    }
  }

  /// The rows of step `other`'s tensor that are there and still read, `advanced` being one unit
  /// further.
  RowRange live_rows(int other, int advanced) const {
    const std::int32_t height = model_.layer(model_.plan_step(other).layer).height;
    if (last_passes_[other] < pass_ || passes_[other] > pass_) return {};
    RowRange rows = {0, height};
    const bool is_held = other == 0 && !model_.streams_input();
    if (passes_[other] == pass_ && !is_held)
      rows.end = order_.rows_made(other - order_.first_step());
    if (last_passes_[other] > pass_) return rows;
    rows.first = order_.first_row_read(other, height, advanced);
    // The picture is there before it is turned into codes.
    if (is_held && passes_[other] == pass_ && order_.units_done(0) < rows.first) {
      rows.first = order_.units_done(0);
    }
    return rows;
  }

  const char* wrong_unit(int index, const PlanStepView& step) const {
    const WalkStep& order = order_.step(index);
    const bool writes = !order.gathers || order_.units_done(index) == order.units - 1;
    const Range written =
        writes ? row_of(model_, step, order.gathers ? 0 : order_.units_done(index)) : Range{};
    const Range scratch = scratch_of(model_, step);
    if (scratch.overlaps(written)) {
      return "plan puts scratch over a tensor that is in use; plan the model again";
    }
    const int end = model_.pass_end(pass_);
    for (int other = 0; other < end; ++other) {
      const PlanStepView place = model_.plan_step(other);
      const Range buffer = buffer_of(model_, place);
      if (!buffer.overlaps(written) && !buffer.overlaps(scratch)) continue;
      if (rows_touch(model_, place, live_rows(other, -1), scratch)) {
        return "plan puts scratch over a tensor that is in use; plan the model again";
      }
      const bool is_own_picture = other == 0 && step.layer == 0 && !model_.streams_input();
      if (is_own_picture) continue;
      const int advanced = is_in_place(index, step, other, written) ? index : -1;
      if (rows_touch(model_, place, live_rows(other, advanced), written)) return kOverwrites;
    }
    return wrong_sums(index, written, scratch);
  }

  /// Whether step `index` of the pass writes its row over the very row of step `other` it has read.
  bool is_in_place(int index, const PlanStepView& step, int other, const Range& written) const {
    const int unit = order_.units_done(index);
    const OperatorView layer = model_.layer(step.layer);
    bool is_read = false;
    for (int i = 0; i < order_.step(index).inputs; ++i) {
      if (order_.step(index).sources[i] != other) continue;
      if (!may_overwrite(layer.kind, i)) return false;
      is_read = true;
    }
    return is_read && row_of(model_, model_.plan_step(other), unit) == written;
  }

  /// Sums that an average is in the middle of.
  const char* wrong_sums(int index, const Range& written, const Range& scratch) const {
    for (int i = 0; i < order_.count(); ++i) {
      const bool is_busy = order_.step(i).gathers && order_.units_done(i) > 0 && !order_.is_done(i);
      if (!is_busy || i == index) continue;
      const Range sums = scratch_of(model_, model_.plan_step(order_.first_step() + i));
      if (sums.overlaps(written) || sums.overlaps(scratch)) {
        return "plan writes over the sums of an average; plan the model again";
      }
    }
    return nullptr;
  }

  View model_;
  PassWalk order_;
  int pass_ = 0;
  std::int16_t passes_[kMaxSteps] = {};
  std::int16_t last_passes_[kMaxSteps] = {};
};

}  // namespace

Refusal verify_plan(const View& model) {
  if (const char* reason = wrong_passes(model)) return {reason, -1};
  for (int pass = 0; pass < model.pass_count(); ++pass) {
    const PassBounds bounds = pass_bounds(model, pass);
    for (int i = bounds.first; i < bounds.end; ++i) {
      if (const char* reason = wrong_step(model, i, bounds.first)) {
        const int layer = model.plan_step(i).layer;
        return {reason, layer < model.operator_count() ? layer : -1};
      }
    }
  }
  return Walker(model).walk();
}

}  // namespace coco_mcu::model
