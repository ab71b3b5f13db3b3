#include "planning/planner.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "model/row_window.h"

namespace coco_mcu::planning {
namespace {

using model::IntegerModel;
using model::OperatorKind;

/// One choice that has been looked at.
struct Point {
  Choice choice;
  std::int64_t peak = 0;
  std::int64_t macs = 0;
  bool is_expanded = false;

  bool beats(const Point& other) const { return peak <= other.peak && macs <= other.macs; }
};

/// For each layer, whether its tensor may be kept: it has rows, and is not one of several that
/// nothing but one addition reads, as kernels in pairs make them. Their sum is as large as each.
std::vector<bool> keepable_tensors(const IntegerModel& model) {
  std::vector<int> readers(model.operators.size());
  for (const model::Operator& layer : model.operators) {
    for (const int input : layer.inputs) ++readers[static_cast<std::size_t>(input)];
  }
  std::vector<bool> can_keep;
  for (const model::Operator& layer : model.operators) can_keep.push_back(layer.height > 1);
  can_keep[0] = false;
  for (const model::Operator& layer : model.operators) {
    const auto is_read_here_alone = [&](int input) {
      return readers[static_cast<std::size_t>(input)] == 1;
    };
    const bool is_sum_of_parts =
        layer.kind == OperatorKind::kAdd &&
        std::all_of(layer.inputs.begin(), layer.inputs.end(), is_read_here_alone);
    if (!is_sum_of_parts) continue;
    for (const int input : layer.inputs) can_keep[static_cast<std::size_t>(input)] = false;
  }
  return can_keep;
}

class Search {
 public:
  Search(const IntegerModel& model, bool streams_input, int limit)
      : model_(model),
        streams_input_(streams_input),
        limit_(limit),
        can_keep_(keepable_tensors(model)) {}

  std::vector<Point> run() {
    for (const auto& choices : {tensor_by_tensor(), by_size()}) {
      left_ += limit_ / 2;
      begin_with(choices);
    }
    return std::move(front_);
  }

 private:
  std::size_t layers() const { return model_.operators.size(); }

  bool can_keep(std::size_t layer) const { return can_keep_[layer]; }

  Choice keeping(bool everything) const {
    Choice choice = {streams_input_, std::vector<bool>(layers())};
    for (std::size_t i = 0; i < layers(); ++i) choice.keeps[i] = everything && can_keep(i);
    return choice;
  }

  /// What averages read, kept in `choice` too.
  Choice with_averaged(Choice choice) const {
    for (const model::Operator& layer : model_.operators) {
      if (layer.kind != OperatorKind::kGlobalAverage) continue;
      const auto input = static_cast<std::size_t>(layer.inputs[0]);
      if (can_keep(input)) choice.keeps[input] = true;
    }
    return choice;
  }

  /// All tensors; none; those that averages read; each one alone.
  std::vector<Choice> tensor_by_tensor() const {
    std::vector<Choice> result = {keeping(true), keeping(false), with_averaged(keeping(false))};
    for (std::size_t i = 0; i < layers(); ++i) {
      if (!can_keep(i)) continue;
      Choice alone = keeping(false);
      alone.keeps[i] = true;
      result.push_back(std::move(alone));
    }
    return result;
  }

  /// The tensors up to each size, with and without those that averages read.
  std::vector<Choice> by_size() const {
    std::vector<Choice> result;
    std::set<std::size_t> sizes;
    for (const model::Operator& layer : model_.operators) sizes.insert(model::tensor_bytes(layer));
    for (const std::size_t size : sizes) {
      Choice small = keeping(false);
      for (std::size_t i = 0; i < layers(); ++i) {
        small.keeps[i] = can_keep(i) && model::tensor_bytes(model_.operators[i]) <= size;
      }
      result.push_back(with_averaged(small));
      result.push_back(std::move(small));
    }
    return result;
  }

  void begin_with(const std::vector<Choice>& choices) {
    for (const Choice& choice : choices) look_at(choice);
    for (Point* point = next(); point != nullptr && left_ > 0; point = next()) {
      point->is_expanded = true;
      expand(Choice(point->choice));
    }
  }

  /// Alternately the point with the least peak and the one with the fewest MACs that is not yet
  /// expanded.
  Point* next() {
    Point* found = nullptr;
    is_turn_of_peak_ = !is_turn_of_peak_;
    for (Point& point : front_) {
      if (point.is_expanded) continue;
      const bool is_better = found == nullptr || (is_turn_of_peak_ ? point.peak < found->peak
                                                                   : point.macs < found->macs);
      if (is_better) found = &point;
    }
    return found;
  }

  void expand(const Choice& choice) {
    for (std::size_t i = 0; i < layers() && left_ > 0; ++i) {
      if (!can_keep(i)) continue;
      Choice changed = choice;
      changed.keeps[i] = !changed.keeps[i];
      look_at(changed);
      // The same tensor earlier or later.
      const std::size_t next_one = next_kept(i);
      if (next_one == i || changed.keeps[i] == changed.keeps[next_one]) continue;
      changed.keeps[next_one] = !changed.keeps[next_one];
      look_at(changed);
    }
  }

  std::size_t next_kept(std::size_t layer) const {
    for (std::size_t i = layer + 1; i < layers(); ++i) {
      if (can_keep(i)) return i;
    }
    return layer;
  }

  void look_at(const Choice& choice) {
    if (left_ <= 0 || !seen_.insert(choice.keeps).second) return;
    --left_;
    const auto planned = schedule(model_, choice, kQuickTries);
    if (!planned) return;
    const Point point = {choice, planned->plan.arena_bytes, planned->macs};
    for (const Point& other : front_) {
      if (other.beats(point)) return;
    }
    std::erase_if(front_, [&](const Point& other) { return point.beats(other); });
    front_.push_back(point);
  }

  const IntegerModel& model_;
  bool streams_input_;
  int limit_;
  std::vector<bool> can_keep_;  // for each layer
  int left_ = 0;
  bool is_turn_of_peak_ = false;
  std::set<std::vector<bool>> seen_;
  std::vector<Point> front_;
};

}  // namespace

ParetoFront search(const IntegerModel& model, bool streams_input, int limit) {
  std::vector<Point> points = Search(model, streams_input, limit).run();
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.macs < b.macs; });
  ParetoFront front;
  for (const Point& point : points) {
    auto planned = schedule(model, point.choice, kThoroughTries);
    const bool is_better =
        front.empty() || planned->plan.arena_bytes < front.back().plan.arena_bytes;
    if (is_better) front.push_back(std::move(*planned));
  }
  return front;
}

const PlannedModel* within_budget(const ParetoFront& front, std::int64_t budget) {
  for (const PlannedModel& planned : front) {
    if (planned.plan.arena_bytes <= budget) return &planned;
  }
  return nullptr;
}

}  // namespace coco_mcu::planning
