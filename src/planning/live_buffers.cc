#include "planning/live_buffers.h"

#include <algorithm>

namespace coco_mcu::planning {

using model::Operator;
using model::OperatorKind;

LiveBuffers::LiveBuffers(const model::IntegerModel& model, const model::Plan& plan,
                         const StepGraph& graph)
    : model_(model), graph_(graph), streams_input_(plan.streams_input), gaps_(0) {
  make_buffers();
  gaps_ = Gaps(buffers_.size());
  hulls_.assign(buffers_.size(), {});
  if (!streams_input_) {
    hulls_[0] = {0, buffers_[0].bytes};
    touch(0);
  }
  for (int pass = 0; pass < graph_.passes(); ++pass) walk_pass(pass);
}

void LiveBuffers::make_buffers() {
  const auto& steps = graph_.steps();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Operator& layer = graph_.layer(steps[i]);
    const auto owner = static_cast<std::size_t>(steps[i].owner);
    if (owner == i) {
      step_buffers_.push_back(buffers_.size());
      const auto row = static_cast<std::int64_t>(model::row_bytes(layer));
      buffers_.push_back({layer.name, 0, row * steps[i].ring_rows, steps[i].ring_rows,
                          steps[i].ring_rows < layer.height, -1, -1});
      members_.emplace_back();
    } else {
      step_buffers_.push_back(step_buffers_[owner]);
    }
    members_[step_buffers_[i]].push_back(i);
    const Operator& input =
        layer.inputs.empty() ? layer : model_.operators[static_cast<std::size_t>(layer.inputs[0])];
    const auto scratch = static_cast<std::int64_t>(model::scratch_bytes(layer, input));
    step_scratches_.push_back(scratch == 0 ? -1 : static_cast<int>(buffers_.size()));
    if (scratch == 0) continue;
    buffers_.push_back({layer.name + " scratch", 0, scratch, 0, false, -1, -1});
    members_.emplace_back();
  }
}

void LiveBuffers::walk_pass(int pass) {
  pass_ = pass;
  graph_.load(pass, walk_);
  // What only earlier passes read is gone.
  for (std::size_t buffer = 0; buffer < buffers_.size(); ++buffer) {
    if (buffers_[buffer].rows > 0 && buffers_[buffer].first >= 0) update(buffer);
  }
  for (int index = walk_.next(); index >= 0; index = walk_.next()) {
    see_unit(index);
    ++now_;
  }
  pass_ends_.push_back(now_);
}

void LiveBuffers::see_unit(int index) {
  const auto step = static_cast<std::size_t>(walk_.first_step() + index);
  const std::size_t buffer = step_buffers_[step];
  const model::WalkStep& order = walk_.step(index);
  const int scratch = step_scratches_[step];
  if (scratch >= 0) {
    const auto at = static_cast<std::size_t>(scratch);
    hulls_[at] = {0, buffers_[at].bytes};
    meet(at, hulls_[at]);
    touch(at);
  }
  const bool writes = !order.gathers || walk_.units_done(index) == order.units - 1;
  if (writes) {
    const auto row =
        static_cast<std::int64_t>(model::row_bytes(graph_.layer(graph_.steps()[step])));
    const int slot = order.gathers ? 0 : walk_.units_done(index) % order.ring_rows;
    Hull& hull = hulls_[buffer];
    const bool is_empty = hull.begin >= hull.end;
    hull.begin = is_empty ? slot * row : std::min(hull.begin, slot * row);
    hull.end = is_empty ? (slot + 1) * row : std::max(hull.end, (slot + 1) * row);
    meet(buffer, hull);
    touch(buffer);
  }
  walk_.advance(index);
  update(buffer);
  for (int i = 0; i < order.inputs; ++i) {
    update(step_buffers_[static_cast<std::size_t>(order.sources[i])]);
  }
  const bool keeps_sums = order.gathers && !walk_.is_done(index);
  if (scratch >= 0 && !keeps_sums) hulls_[static_cast<std::size_t>(scratch)] = {};
}

void LiveBuffers::meet(std::size_t buffer, const Hull& hull) {
  for (std::size_t other = 0; other < hulls_.size(); ++other) {
    if (other == buffer || hulls_[other].begin >= hulls_[other].end) continue;
    gaps_.raise(buffer, other, hull.end - hulls_[other].begin);
    gaps_.raise(other, buffer, hulls_[other].end - hull.begin);
    touch(other);
  }
}

void LiveBuffers::touch(std::size_t buffer) {
  if (buffers_[buffer].first < 0) buffers_[buffer].first = now_;
  buffers_[buffer].last = now_;
}

LiveBuffers::Hull LiveBuffers::hull_of_step(std::size_t step) const {
  const StepNode& node = graph_.steps()[step];
  const Operator& layer = graph_.layer(node);
  if (node.pass > pass_ || node.last_pass < pass_) return {};
  const bool is_last = step + 1 == graph_.steps().size();
  std::int32_t end = layer.height;
  if (node.pass == pass_) end = walk_.rows_made(static_cast<int>(step) - walk_.first_step());
  std::int32_t first = 0;
  if (node.last_pass == pass_ && !is_last) {
    first = walk_.first_row_read(static_cast<int>(step), layer.height);
  }
  const bool is_held = step == 0 && !streams_input_ && node.pass == pass_;
  if (is_held) {
    end = layer.height;
    first = std::min(first, walk_.units_done(0));
  }
  if (first >= end) return {};
  const int rows = buffers_[step_buffers_[step]].rows;
  const auto row = static_cast<std::int64_t>(model::row_bytes(layer));
  if (first % rows + (end - first) > rows) return {0, rows * row};
  return {first % rows * row, (first % rows + end - first) * row};
}

void LiveBuffers::update(std::size_t buffer) {
  Hull hull;
  for (const std::size_t step : members_[buffer]) {
    const Hull part = hull_of_step(step);
    if (part.begin >= part.end) continue;
    const bool is_first = hull.begin >= hull.end;
    hull.begin = is_first ? part.begin : std::min(hull.begin, part.begin);
    hull.end = is_first ? part.end : std::max(hull.end, part.end);
  }
  hulls_[buffer] = hull;
}

std::vector<std::int64_t> LiveBuffers::bytes() const {
  std::vector<std::int64_t> bytes;
  for (const PlacedBuffer& buffer : buffers_) bytes.push_back(buffer.bytes);
  return bytes;
}

}  // namespace coco_mcu::planning
