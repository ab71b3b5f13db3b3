#include "planning/passes.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "model/pass_walk.h"

namespace coco_mcu::planning {
namespace {

using model::IntegerModel;
using model::Operator;
using model::OperatorKind;

class Splitter {
 public:
  Splitter(const IntegerModel& model, const Choice& choice)
      : model_(model), choice_(choice), is_stored_(size()), is_in_pass_(size()), is_late_(size()) {}

  std::optional<std::vector<std::vector<PassLayer>>> split() {
    for (int layer = 0; layer < static_cast<int>(size()); ++layer) {
      if (!is_kept(layer) || is_in_pass_[index(layer)]) continue;
      std::vector<int> needed = needed_for(layer);
      if (!fits(layer, needed)) {
        end_pass();
        needed = needed_for(layer);
      }
      for (const int each : needed) add(each);
      if (!is_legal_) return std::nullopt;
    }
    end_pass();
    if (!is_legal_) return std::nullopt;
    return std::move(passes_);
  }

 private:
  static std::size_t index(int layer) { return static_cast<std::size_t>(layer); }
  std::size_t size() const { return model_.operators.size(); }
  const Operator& at(int layer) const { return model_.operators[index(layer)]; }

  bool is_kept(int layer) const {
    if (at(layer).height == 1) return true;
    if (layer == 0) return !choice_.streams_input;
    return choice_.keeps[index(layer)];
  }

  /// What has to be added to the pass to compute `layer`, in the model's order.
  std::vector<int> needed_for(int layer) const {
    std::vector<bool> is_needed(size());
    is_needed[index(layer)] = true;
    std::vector<int> needed;
    for (int each = layer; each >= 0; --each) {
      if (!is_needed[index(each)]) continue;
      needed.push_back(each);
      for (const int input : at(each).inputs) {
        if (!is_stored_[index(input)] && !is_in_pass_[index(input)]) {
          is_needed[index(input)] = true;
        }
      }
    }
    std::reverse(needed.begin(), needed.end());
    return needed;
  }

  /// Whether those layers can be computed in the pass that is open: none of them waits for an
  /// average over it, and none but an average reads again what the pass stores anyway.
  bool fits(int sink, const std::vector<int>& needed) const {
    if (pass_.size() + needed.size() > model::kMaxPassSteps) return false;
    for (const int each : needed) {
      for (const int input : at(each).inputs) {
        if (!is_in_pass_[index(input)]) continue;
        const bool waits = is_late_[index(input)] && at(each).height > 1;
        const bool rereads =
            is_kept(input) && at(input).height > 1 && at(sink).kind != OperatorKind::kGlobalAverage;
        if (waits || rereads) return false;
      }
    }
    return true;
  }

  void add(int layer) {
    if (layer == 0 && !passes_.empty()) is_legal_ = false;
    bool is_late = at(layer).kind == OperatorKind::kGlobalAverage;
    for (const int input : at(layer).inputs) {
      is_late = is_late || (is_in_pass_[index(input)] && is_late_[index(input)]);
    }
    is_late_[index(layer)] = is_late;
    is_in_pass_[index(layer)] = true;
    pass_.push_back({layer, is_kept(layer)});
  }

  void end_pass() {
    if (pass_.empty()) return;
    if (pass_.size() > model::kMaxPassSteps) is_legal_ = false;
    std::sort(pass_.begin(), pass_.end(),
              [](const PassLayer& a, const PassLayer& b) { return a.layer < b.layer; });
    for (const PassLayer& each : pass_) {
      if (each.is_kept) is_stored_[index(each.layer)] = true;
    }
    passes_.push_back(std::move(pass_));
    pass_.clear();
    std::fill(is_in_pass_.begin(), is_in_pass_.end(), false);
    std::fill(is_late_.begin(), is_late_.end(), false);
  }

  const IntegerModel& model_;
  const Choice& choice_;
  std::vector<bool> is_stored_;   // in a pass that has ended
  std::vector<bool> is_in_pass_;  // that is open
  std::vector<bool> is_late_;     // depends on an average over the open pass
  std::vector<PassLayer> pass_;
  std::vector<std::vector<PassLayer>> passes_;
  bool is_legal_ = true;
};

}  // namespace

std::optional<std::vector<std::vector<PassLayer>>> passes_of(const IntegerModel& model,
                                                             const Choice& choice) {
  return Splitter(model, choice).split();
}

}  // namespace coco_mcu::planning
