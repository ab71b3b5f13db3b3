#include "lowering/liveness.h"

#include <algorithm>
#include <utility>

#include "lowering/parameters.h"

namespace coco_mcu::lowering {

using network::Network;
using network::Node;
using network::NodeId;
using network::Op;
using network::QuantizedTensor;

bool NodePlan::is_kept() const {
  return !bypass && std::ranges::find(present, true) != present.end();
}

namespace {

bool any(const Flags& flags) {
  return std::ranges::find(flags, true) != flags.end();
}

/// Channels of two nodes that are the same ones: those of `input`, from channel `first` of its
/// reader on.
struct Aligned {
  NodeId input = 0;
  std::size_t first = 0;
};

/// target |= source for `count` channels from the given ones on; whether that changed the target.
bool unite(Flags& target, std::size_t target_first, const Flags& source, std::size_t source_first,
           std::size_t count) {
  bool changed = false;
  for (std::size_t c = 0; c < count; ++c) {
    if (!source[source_first + c] || target[target_first + c]) continue;
    target[target_first + c] = changed = true;
  }
  return changed;
}

/// Builds a plan in two steps. What is needed follows from the readers alone, so one walk from the
/// output to the input finds it. What must be present for alignment spreads in both directions,
/// until nothing changes.
class Planner {
 public:
  Planner(const Network& network, const network::Tensors& tensors,
          const TrainedQuantizers& quantizers, const Intervals& intervals)
      : network_(network),
        tensors_(tensors),
        quantizers_(quantizers),
        intervals_(intervals),
        stays_(network.nodes.size()),
        read_(network.nodes.size()) {}

  /// Bypasses and folds are tried first and checked when it is known who else reads the operand;
  /// that may depend on them: the pool of a squeeze-excite goes with a constant gate.
  Plan run() {
    for (;;) {
      find_needed();
      find_present();
      const bool refused = refuse_folds();
      if (!refuse_bypasses() && !refused) return plan_;
    }
  }

 private:
  const Node& node(NodeId id) const { return network_.nodes[id]; }

  bool is_quantized(NodeId id, QuantizedTensor tensor) const {
    return find_quantizer(quantizers_, node(id).name, tensor) != nullptr;
  }

  bool constant(NodeId id, std::size_t channel) const {
    return is_constant(intervals_[id][channel]);
  }

  void find_needed() {
    plan_.assign(network_.nodes.size(), {});
    for (std::size_t id = 0; id < plan_.size(); ++id) {
      const auto channels = static_cast<std::size_t>(network_.nodes[id].output.channels);
      plan_[id].needed = plan_[id].present = plan_[id].pinned = Flags(channels, false);
      if (network_.nodes[id].op != Op::kConv) continue;
      plan_[id].folded_inputs = Flags(intervals_[network_.nodes[id].inputs[0]].size(), false);
    }
    plan_.back().needed.assign(plan_.back().needed.size(), true);
    for (auto id = static_cast<NodeId>(plan_.size()) - 1; id > 0; --id) {
      if (any(plan_[id].needed)) need_inputs(id);
    }
  }

  void need_inputs(NodeId id) {
    switch (node(id).op) {
      case Op::kConv:
        pin(id);
        need_inputs_of_conv(id);
        return;
      case Op::kBatchNorm:
        pin(id);
        break;
      case Op::kAdd:
      case Op::kMultiply:
        plan_[id].bypass = possible_bypass(id);
        break;
      default:
        break;
    }
    Flags wanted = plan_[id].needed;
    for (std::size_t c = 0; c < wanted.size(); ++c) wanted[c] = wanted[c] && !plan_[id].pinned[c];
    for (const Aligned& each : aligned_inputs(id)) {
      Flags& needed = plan_[each.input].needed;
      unite(needed, 0, wanted, each.first, needed.size());
    }
  }

  void pin(NodeId id) {
    NodePlan& plan = plan_[id];
    for (std::size_t c = 0; c < plan.needed.size(); ++c) {
      plan.pinned[c] = plan.needed[c] && constant(id, c);
    }
  }

  void need_inputs_of_conv(NodeId id) {
    NodePlan& plan = plan_[id];
    const NodeId input = node(id).inputs[0];
    const auto inputs = intervals_[input].size();
    const bool pads = reads_padding(node(id), node(input).output);
    for (std::size_t c = 0; c < inputs; ++c) {
      const bool is_anywhere = !pads || intervals_[input][c].middle() == 0.0;
      const bool is_read = !read_[id].empty() && read_[id][c];
      plan.folded_inputs[c] = constant(input, c) && is_anywhere && !is_read;
    }
    const auto& weights = parameter(tensors_, node(id), "weight");
    const std::size_t window = weights.size() / (plan.needed.size() * inputs);
    for (std::size_t at = 0; at < weights.size(); ++at) {
      const std::size_t out = at / (window * inputs);
      const std::size_t in = at / window % inputs;
      const bool reads = weights[at] != 0.0F && plan.needed[out] && !plan.pinned[out];
      if (reads && !plan.folded_inputs[in]) plan_[input].needed[in] = true;
    }
  }

  /// Whether single weights can become zero: four levels have none.
  bool has_zero_weight(NodeId id) const {
    const auto* trained = find_quantizer(quantizers_, node(id).name, QuantizedTensor::kWeight);
    return trained == nullptr || trained->quantizer.format != core::WeightFormat::kFourLevel2;
  }

  /// One operand constant wherever the node is needed, the other one not, and of the node's shape.
  std::optional<Bypass> possible_bypass(NodeId id) const {
    if (stays_[id] || is_quantized(id, QuantizedTensor::kOutput)) return std::nullopt;
    const auto is_constant_operand = [&](NodeId operand) {
      for (std::size_t c = 0; c < plan_[id].needed.size(); ++c) {
        if (plan_[id].needed[c] && !constant(operand, c)) return false;
      }
      return true;
    };
    for (const int varying : {0, 1}) {
      const Bypass bypass = {.varying = node(id).inputs[varying],
                             .constant = node(id).inputs[1 - varying],
                             .into = std::nullopt};
      const bool fits = node(bypass.varying).output == node(id).output;
      if (fits && is_constant_operand(bypass.constant)) return bypass;
    }
    return std::nullopt;
  }

  /// The inputs whose channels are channels of the node's own.
  std::vector<Aligned> aligned_inputs(NodeId id) const {
    if (node(id).op == Op::kConv) return {};
    if (plan_[id].bypass) return {{.input = plan_[id].bypass->varying}};
    std::vector<Aligned> aligned;
    std::size_t first = 0;
    for (const NodeId input : node(id).inputs) {
      aligned.push_back({.input = input, .first = first});
      if (node(id).op == Op::kConcatenate) first += plan_[input].needed.size();
    }
    return aligned;
  }

  void find_present() {
    for (NodePlan& plan : plan_) plan.present = plan.needed;
    plan_[0].present.assign(plan_[0].present.size(), true);  // a picture has all its channels
    bool changed = true;
    while (changed) {
      changed = false;
      for (auto id = static_cast<NodeId>(plan_.size()) - 1; id > 0; --id) {
        if (!any(plan_[id].present)) continue;
        for (const Aligned& each : aligned_inputs(id)) {
          Flags& present = plan_[each.input].present;
          changed |= unite(plan_[id].present, each.first, present, 0, present.size());
          changed |= unite(present, 0, plan_[id].present, each.first, present.size());
        }
        if (node(id).op == Op::kConv) changed |= keep_an_input(node(id).inputs[0]);
      }
    }
  }

  /// A convolution reads at least one channel, even where none matters.
  bool keep_an_input(NodeId input) {
    Flags& present = plan_[input].present;
    if (any(present)) return false;
    present[0] = true;
    return true;
  }

  /// Gives up the folds of channels that stay for others' sake: weights that read them would have
  /// to become zero, where there is no zero; whether there were any.
  bool refuse_folds() {
    bool refused = false;
    for (NodeId id = 1; id < static_cast<NodeId>(plan_.size()); ++id) {
      if (node(id).op != Op::kConv || has_zero_weight(id)) continue;
      const Flags& present = plan_[node(id).inputs[0]].present;
      read_[id].resize(present.size());
      for (std::size_t c = 0; c < present.size(); ++c) {
        if (!plan_[id].folded_inputs[c] || !present[c]) continue;
        read_[id][c] = refused = true;
      }
    }
    return refused;
  }

  /// Gives up the bypasses whose constants no layer can take on; whether there were any.
  bool refuse_bypasses() {
    const Readers readers = live_readers(network_, plan_);
    bool refused = false;
    for (NodeId id = 1; id < static_cast<NodeId>(plan_.size()); ++id) {
      if (!plan_[id].bypass || !any(plan_[id].present)) continue;
      plan_[id].bypass->into = layer_before(id, readers);
      if (plan_[id].bypass->into || convolutions_behind_can_fold(id, readers)) continue;
      stays_[id] = true;
      refused = true;
    }
    return refused;
  }

  /// The layer that makes the varying operand, where the node alone reads it.
  std::optional<NodeId> layer_before(NodeId id, const Readers& readers) const {
    const NodeId layer = plan_[id].bypass->varying;
    const bool is_linear = node(layer).op == Op::kBatchNorm || node(layer).op == Op::kConv;
    const bool keeps_its_grid = is_quantized(layer, QuantizedTensor::kOutput) ||
                                is_quantized(layer, QuantizedTensor::kWeight);
    if (!is_linear || keeps_its_grid || readers[layer].size() != 1) return std::nullopt;
    return layer;
  }

  bool convolutions_behind_can_fold(NodeId id, const Readers& readers) const {
    return !readers[id].empty() && std::ranges::all_of(readers[id], [&](NodeId reader) {
      if (node(reader).op != Op::kConv) return false;
      if (node(id).op == Op::kMultiply) return !is_quantized(reader, QuantizedTensor::kWeight);
      return !reads_padding(node(reader), node(id).output);
    });
  }

  const Network& network_;
  const network::Tensors& tensors_;
  const TrainedQuantizers& quantizers_;
  const Intervals& intervals_;
  Flags stays_;              // by node: multiplications and additions that are no bypass
  std::vector<Flags> read_;  // by convolution: constant inputs that it reads all the same
  Plan plan_;
};

}  // namespace

Readers live_readers(const Network& network, const Plan& plan) {
  Readers readers(network.nodes.size());
  for (NodeId id = 0; id < static_cast<NodeId>(plan.size()); ++id) {
    if (!any(plan[id].present)) continue;
    if (plan[id].bypass) {
      readers[plan[id].bypass->varying].push_back(id);
      continue;
    }
    for (const NodeId input : network.nodes[id].inputs) readers[input].push_back(id);
  }
  return readers;
}

std::optional<NodeId> batch_norm_behind(const Network& network, const Readers& readers,
                                        const TrainedQuantizers& quantizers, NodeId convolution) {
  const std::string& name = network.nodes[convolution].name;
  if (readers[convolution].size() != 1) return std::nullopt;
  const NodeId reader = readers[convolution][0];
  const bool is_quantized = find_quantizer(quantizers, name, QuantizedTensor::kOutput) != nullptr;
  if (network.nodes[reader].op != Op::kBatchNorm || is_quantized) return std::nullopt;
  return reader;
}

Plan plan_removal(const Network& network, const network::Tensors& tensors,
                  const TrainedQuantizers& quantizers, const Intervals& intervals) {
  return Planner(network, tensors, quantizers, intervals).run();
}

}  // namespace coco_mcu::lowering
