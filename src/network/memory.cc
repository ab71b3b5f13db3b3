#include "network/memory.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>

namespace coco_mcu::network {
namespace {

bool is_elementwise(Op op) {
  switch (op) {
    case Op::kBatchNorm:
    case Op::kRelu:
    case Op::kHardSwish:
    case Op::kHardSigmoid:
    case Op::kSigmoidPlusOne:
    case Op::kAdd:
    case Op::kMultiply:
    case Op::kDropout:
    case Op::kSoftmax:
      return true;
    default:
      return false;
  }
}

/// The nodes that are computed inside their reader, so that their output is never stored.
std::vector<bool> computed_inside(const Network& network, Fusion fusion) {
  std::vector<bool> inside(network.nodes.size(), false);
  if (fusion == Fusion::kNone) return inside;
  const auto readers = network.consumers();
  // From `first` on, as long as each node is the only reader of the one before and `passes` is true
  // for it: if that chain ends in `host`, all of it is computed there.
  const auto mark = [&](NodeId first, Op host, const std::function<bool(const Node&)>& passes) {
    std::vector<NodeId> chain;
    for (NodeId id = first; readers[id].size() == 1; id = readers[id][0]) {
      chain.push_back(id);
      const Node& reader = network.nodes[readers[id][0]];
      if (reader.op == host) {
        for (const NodeId each : chain) inside[each] = true;
        return;
      }
      if (!passes(reader)) return;
    }
  };
  for (std::size_t index = 0; index < network.nodes.size(); ++index) {
    const auto id = static_cast<NodeId>(index);
    const Node& node = network.nodes[index];
    if (node.op == Op::kConv && node.kernel == 1) {
      mark(id, Op::kDepthwiseConv,
           [](const Node& n) { return is_elementwise(n.op) && n.inputs.size() == 1; });
    } else if (node.op == Op::kUpsample) {
      mark(id, Op::kMultiply,
           [](const Node& n) { return n.op == Op::kUpsample || n.op == Op::kCrop; });
    }
  }
  return inside;
}

/// One stored tensor and how it is computed from other stored tensors. Indices are into the list.
struct Stored {
  NodeId node = 0;
  std::int64_t bytes = 0;
  bool elementwise = false;
  std::vector<std::size_t> inputs;
  std::vector<std::size_t> readers;
};

std::vector<Stored> stored_tensors(const Network& network, Fusion fusion) {
  const std::vector<bool> inside = computed_inside(network, fusion);
  std::vector<Stored> all;
  // For each node the stored tensors it stands for: itself, or what its computation reads.
  std::vector<std::vector<std::size_t>> sources(network.nodes.size());
  for (std::size_t id = 0; id < network.nodes.size(); ++id) {
    const Node& node = network.nodes[id];
    std::vector<std::size_t> inputs;
    for (const NodeId input : node.inputs) {
      inputs.insert(inputs.end(), sources[input].begin(), sources[input].end());
    }
    std::ranges::sort(inputs);
    inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
    if (inside[id]) {
      sources[id] = std::move(inputs);
      continue;
    }
    for (const std::size_t input : inputs) all[input].readers.push_back(all.size());
    sources[id] = {all.size()};
    all.push_back({static_cast<NodeId>(id),
                   node.output.elements(),
                   is_elementwise(node.op),
                   std::move(inputs),
                   {}});
  }
  return all;
}

using Executed = std::vector<bool>;

/// A set of executed nodes on the cheapest way found to it.
struct State {
  std::int64_t peak = 0;  // highest memory on that way
  std::int64_t live = 0;  // bytes in memory now
  Executed before;        // the set one step earlier
  std::size_t step = 0;   // and what was executed then
};

/// What executing one more tensor does to the memory.
struct Effect {
  std::int64_t during = 0;
  std::int64_t after = 0;
};

class OrderSearch {
 public:
  explicit OrderSearch(const std::vector<Stored>& tensors) : tensors_(tensors) {}

  /// Indices of the tensors in the order with the smallest peak.
  std::vector<std::size_t> best_order();
  MemoryProfile replay(const std::vector<std::size_t>& order) const;

 private:
  bool is_ready(const Executed& executed, std::size_t index) const;
  bool dies_with(const Executed& executed, std::size_t input, std::size_t reader) const;
  std::optional<std::size_t> overwritten_by(const Executed& executed, std::size_t index) const;
  Effect effect(const Executed& executed, std::int64_t live, std::size_t index) const;
  void expand(const Executed& executed);
  void reach(const Executed& executed, std::size_t index, Effect effect);
  std::vector<std::size_t> way_to(Executed executed) const;

  const std::vector<Stored>& tensors_;
  std::unordered_map<Executed, State> states_;
  using Open = std::pair<std::int64_t, Executed>;
  std::priority_queue<Open, std::vector<Open>, std::greater<>> open_;
};

bool OrderSearch::is_ready(const Executed& executed, std::size_t index) const {
  return !executed[index] &&
         std::ranges::all_of(tensors_[index].inputs, [&](std::size_t i) { return executed[i]; });
}

bool OrderSearch::dies_with(const Executed& executed, std::size_t input, std::size_t reader) const {
  return std::ranges::all_of(tensors_[input].readers,
                             [&](std::size_t r) { return r == reader || executed[r]; });
}

std::optional<std::size_t> OrderSearch::overwritten_by(const Executed& executed,
                                                       std::size_t index) const {
  const Stored& tensor = tensors_[index];
  const auto fits = [&](std::size_t input) {
    return tensors_[input].bytes == tensor.bytes && dies_with(executed, input, index);
  };
  const auto found = std::ranges::find_if(tensor.inputs, fits);
  if (!tensor.elementwise || found == tensor.inputs.end()) return std::nullopt;
  return *found;
}

Effect OrderSearch::effect(const Executed& executed, std::int64_t live, std::size_t index) const {
  const Stored& tensor = tensors_[index];
  std::int64_t freed = 0;
  for (const std::size_t input : tensor.inputs) {
    if (dies_with(executed, input, index)) freed += tensors_[input].bytes;
  }
  const bool in_place = overwritten_by(executed, index).has_value();
  return {live + (in_place ? 0 : tensor.bytes), live + tensor.bytes - freed};
}

void OrderSearch::reach(const Executed& executed, std::size_t index, Effect effect) {
  const std::int64_t peak = std::max(states_.at(executed).peak, effect.during);
  Executed next = executed;
  next[index] = true;
  const auto known = states_.find(next);
  if (known != states_.end() && known->second.peak <= peak) return;
  states_[next] = {peak, effect.after, executed, index};
  open_.emplace(peak, std::move(next));
}

void OrderSearch::expand(const Executed& executed) {
  const State& state = states_.at(executed);
  std::vector<std::pair<std::size_t, Effect>> choices;
  for (std::size_t index = 0; index < tensors_.size(); ++index) {
    if (!is_ready(executed, index)) continue;
    const Effect outcome = effect(executed, state.live, index);
    // What neither raises the peak nor leaves more in memory is done at once: no later moment of
    // any order gets worse by it.
    if (outcome.during <= state.peak && outcome.after <= state.live) {
      choices = {{index, outcome}};
      break;
    }
    choices.emplace_back(index, outcome);
  }
  for (const auto& [index, outcome] : choices) reach(executed, index, outcome);
}

std::vector<std::size_t> OrderSearch::way_to(Executed executed) const {
  std::vector<std::size_t> order;
  while (std::ranges::find(executed, true) != executed.end()) {
    const State& state = states_.at(executed);
    order.push_back(state.step);
    executed = state.before;
  }
  std::ranges::reverse(order);
  return order;
}

std::vector<std::size_t> OrderSearch::best_order() {
  const Executed none(tensors_.size(), false);
  const Executed all(tensors_.size(), true);
  states_[none] = {};
  open_.emplace(0, none);
  while (!open_.empty()) {
    const auto [peak, executed] = open_.top();
    open_.pop();
    if (executed == all) break;
    if (peak == states_.at(executed).peak) expand(executed);
  }
  return way_to(all);
}

MemoryProfile OrderSearch::replay(const std::vector<std::size_t>& order) const {
  MemoryProfile profile;
  Executed executed(tensors_.size(), false);
  std::int64_t live = 0;
  for (const std::size_t index : order) {
    const Effect outcome = effect(executed, live, index);
    MemoryStep step{.node = tensors_[index].node, .bytes = outcome.during, .live = {}};
    const auto overwritten = overwritten_by(executed, index);
    for (std::size_t each = 0; each < tensors_.size(); ++each) {
      const Stored& tensor = tensors_[each];
      const bool is_read_later = std::ranges::any_of(
          tensor.readers, [&](std::size_t reader) { return !executed[reader]; });
      const bool is_live = executed[each] && (is_read_later || tensor.readers.empty());
      if ((is_live && overwritten != each) || each == index) step.live.push_back(tensor.node);
    }
    executed[index] = true;
    live = outcome.after;
    profile.steps.push_back(std::move(step));
  }
  const auto highest = std::ranges::max_element(profile.steps, {}, &MemoryStep::bytes);
  profile.peak = static_cast<std::size_t>(highest - profile.steps.begin());
  return profile;
}

}  // namespace

MemoryProfile memory_profile(const Network& network, Fusion fusion) {
  const std::vector<Stored> tensors = stored_tensors(network, fusion);
  OrderSearch search(tensors);
  return search.replay(search.best_order());
}

}  // namespace coco_mcu::network
