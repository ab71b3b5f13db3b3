#include "lowering/rewriting.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "lowering/parameters.h"

namespace coco_mcu::lowering {

using network::Network;
using network::Node;
using network::NodeId;
using network::Op;
using network::QuantizedTensor;

namespace {

/// The channels that `flags` name, of values that belong to channels.
template <typename Value>
std::vector<Value> selected(const std::vector<Value>& values, const Flags& flags) {
  std::vector<Value> kept;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (flags[c]) kept.push_back(values[c]);
  }
  return kept;
}

class Rewriter {
 public:
  Rewriter(const Network& network, const network::Tensors& tensors,
           const TrainedQuantizers& quantizers, const Intervals& intervals, const Plan& plan)
      : network_(network),
        tensors_(tensors),
        quantizers_(quantizers),
        intervals_(intervals),
        plan_(plan),
        readers_(live_readers(network, plan)),
        incoming_(network.nodes.size()),
        bypass_into_(network.nodes.size()),
        new_ids_(network.nodes.size()) {}

  Rewritten run() {
    collect_bypasses();
    result_.network.name = network_.name;
    result_.network.labels = network_.labels;
    for (NodeId id = 0; id < static_cast<NodeId>(network_.nodes.size()); ++id) take(id);
    take_blocks();
    return std::move(result_);
  }

 private:
  const Node& node(NodeId id) const { return network_.nodes[id]; }

  double constant(NodeId id, std::size_t channel) const { return intervals_[id][channel].middle(); }

  /// What a bypassed node does to channel c of its varying operand. A channel that only keeps
  /// tensors aligned is left alone.
  Affine affine_of(NodeId bypassed, std::size_t channel) const {
    if (!plan_[bypassed].needed[channel]) return {};
    const double value = constant(plan_[bypassed].bypass->constant, channel);
    if (node(bypassed).op == Op::kMultiply) return {.factor = value, .addend = 0.0};
    return {.factor = 1.0, .addend = value};
  }

  void collect_bypasses() {
    for (NodeId id = 0; id < static_cast<NodeId>(plan_.size()); ++id) {
      if (!plan_[id].bypass) continue;
      const auto into = plan_[id].bypass->into;
      if (into) bypass_into_[*into] = id;
      const NodeId first_reader = readers_[id].empty() ? id : readers_[id][0];
      report(plan_[id].bypass->constant, plan_[id].needed, into.value_or(first_reader),
             node(id).op == Op::kMultiply);
    }
  }

  void report(NodeId source, const Flags& channels, NodeId into, bool is_factor) {
    ConstantChannels constants = {
        .source = node(source).name, .folded_into = node(into).name, .is_factor = is_factor};
    for (std::size_t c = 0; c < channels.size(); ++c) {
      if (!channels[c]) continue;
      const Interval& interval = intervals_[source][c];
      const bool is_first = constants.channels++ == 0;
      constants.low = is_first ? interval.low : std::min(constants.low, interval.low);
      constants.high = is_first ? interval.high : std::max(constants.high, interval.high);
      constants.widest = std::max(constants.widest, interval.width());
    }
    if (constants.channels > 0) result_.constants.push_back(std::move(constants));
  }

  void take(NodeId id) {
    if (!plan_[id].is_kept()) return;
    Node kept = node(id);
    kept.inputs.clear();
    for (NodeId input : node(id).inputs) {
      while (plan_[input].bypass) input = plan_[input].bypass->varying;
      if (!plan_[input].is_kept()) continue;  // one that a concatenation can do without
      kept.inputs.push_back(new_ids_[input]);
    }
    kept.output.channels = static_cast<int>(std::ranges::count(plan_[id].present, true));
    if (kept.op == Op::kConv) take_conv(id, kept);
    if (kept.op == Op::kDepthwiseConv) take_depthwise(id);
    if (kept.op == Op::kBatchNorm) take_batch_norm(id);
    take_range(kept.name);
    result_.kept[kept.name] = plan_[id].present;
    new_ids_[id] = static_cast<NodeId>(result_.network.nodes.size());
    result_.network.nodes.push_back(std::move(kept));
  }

  void store(NodeId id, const char* part, std::vector<float> values,
             std::vector<std::int64_t> shape) {
    result_.tensors[node(id).name + "." + part] = {std::move(shape), std::move(values)};
  }

  /// Of a kernel's quantizer nothing is left: its weights are on their grid.
  void take_range(const std::string& node) {
    const auto* trained = find_quantizer(quantizers_, node, QuantizedTensor::kOutput);
    if (trained == nullptr) return;
    const std::string name = quantizer_name(trained->quantizer);
    result_.tensors[name + ".min"] = {{}, {trained->minimum}};
    result_.tensors[name + ".max"] = {{}, {trained->maximum}};
    result_.quantizers.push_back(trained->quantizer);
  }

  void take_conv(NodeId id, Node& kept) {
    const NodeId input = node(id).inputs[0];
    std::vector<double> addends(plan_[id].present.size(), 0.0);
    std::vector<float> kernel;
    Flags folded(plan_[input].present.size(), false);
    for (std::size_t out = 0; out < addends.size(); ++out) {
      if (plan_[id].present[out]) addends[out] = take_kernel_row(id, out, kernel, folded);
    }
    store(id, "weight", std::move(kernel),
          {kept.output.channels, result_.network.nodes[kept.inputs[0]].output.channels, kept.kernel,
           kept.kernel});
    report(input, folded, deliver(id, addends, kept), /*is_factor=*/false);
  }

  /// Appends the weights of one output channel to `kernel`, notes in `folded` which constants they
  /// read, and returns what is to be added to the channel: the bias, the folded constants, a pinned
  /// value, and what bypassed nodes before and behind leave to this convolution.
  double take_kernel_row(NodeId id, std::size_t out, std::vector<float>& kernel, Flags& folded) {
    const bool is_computed = plan_[id].needed[out] && !plan_[id].pinned[out];
    const Affine behind = bypass_into_[id] ? affine_of(*bypass_into_[id], out) : Affine{};
    const NodeId input = node(id).inputs[0];
    const auto& weights = parameter(tensors_, node(id), "weight");
    const std::size_t row_size = weights.size() / plan_[id].present.size();
    const std::size_t window = row_size / folded.size();
    double addend = plan_[id].pinned[out] ? constant(id, out) : 0.0;
    if (node(id).bias && is_computed) addend = parameter(tensors_, node(id), "bias")[out];
    for (std::size_t at = 0; at < row_size; ++at) {
      const std::size_t in = at / window;
      const double weight = is_computed ? double{weights[out * row_size + at]} : 0.0;
      const bool is_folded = plan_[id].folded_inputs[in];
      const Affine before = affine_before(input, in);
      addend += weight * (is_folded ? constant(input, in) : before.addend);
      if (is_folded && weight != 0.0) folded[in] = true;
      const double left = is_folded ? 0.0 : weight * before.factor * behind.factor;
      if (plan_[input].present[in]) kernel.push_back(static_cast<float>(left));
    }
    return addend * behind.factor + behind.addend;
  }

  /// What a bypassed node leaves to the convolutions that read it.
  Affine affine_before(NodeId input, std::size_t channel) const {
    const auto& bypass = plan_[input].bypass;
    return bypass && !bypass->into ? affine_of(input, channel) : Affine{};
  }

  /// Puts what is added to a convolution's channels into the batch norm behind or into its bias;
  /// the node that takes it.
  NodeId deliver(NodeId id, const std::vector<double>& addends, Node& kept) {
    const auto norm = batch_norm_behind(network_, readers_, quantizers_, id);
    if (norm && !node(id).bias) {
      incoming_[*norm] = addends;
      return *norm;
    }
    kept.bias = node(id).bias || std::ranges::any_of(addends, [](double x) { return x != 0.0; });
    if (kept.bias) {
      const std::vector<float> bias(addends.begin(), addends.end());
      store(id, "bias", selected(bias, plan_[id].present), {kept.output.channels});
    }
    return id;
  }

  void take_depthwise(NodeId id) {
    const auto& weights = parameter(tensors_, node(id), "weight");
    const std::size_t window = weights.size() / plan_[id].present.size();
    std::vector<float> kernel;
    for (std::size_t at = 0; at < weights.size(); ++at) {
      if (!plan_[id].present[at / window]) continue;
      kernel.push_back(plan_[id].needed[at / window] ? weights[at] : 0.0F);
    }
    const auto channels = static_cast<std::int64_t>(kernel.size() / window);
    store(id, "weight", std::move(kernel), {channels, 1, node(id).kernel, node(id).kernel});
    if (!node(id).bias) return;
    std::vector<float> bias = parameter(tensors_, node(id), "bias");
    for (std::size_t c = 0; c < bias.size(); ++c) {
      if (!plan_[id].needed[c]) bias[c] = 0.0F;
    }
    store(id, "bias", selected(bias, plan_[id].present), {channels});
  }

  /// weight * (x - running_mean) / sqrt(running_var + epsilon) + bias. Channels that nothing needs
  /// become zero, whatever they read.
  void take_batch_norm(NodeId id) {
    std::vector<float> weight = parameter(tensors_, node(id), "weight");
    std::vector<float> bias = parameter(tensors_, node(id), "bias");
    std::vector<float> mean = parameter(tensors_, node(id), "running_mean");
    const std::vector<float>& variance = parameter(tensors_, node(id), "running_var");
    for (std::size_t c = 0; c < weight.size(); ++c) {
      const bool is_pinned = plan_[id].pinned[c];
      const bool is_computed = plan_[id].needed[c] && !is_pinned;
      const Affine after = bypass_into_[id] ? affine_of(*bypass_into_[id], c) : Affine{};
      const double value = is_computed ? double{bias[c]} : is_pinned ? constant(id, c) : 0.0;
      bias[c] = static_cast<float>(value * after.factor + after.addend);
      weight[c] = is_computed ? static_cast<float>(weight[c] * after.factor) : 0.0F;
      if (is_computed && !incoming_[id].empty()) {
        mean[c] = static_cast<float>(mean[c] - incoming_[id][c]);
      }
    }
    const Flags& present = plan_[id].present;
    const std::int64_t channels = std::ranges::count(present, true);
    store(id, "weight", selected(weight, present), {channels});
    store(id, "bias", selected(bias, present), {channels});
    store(id, "running_mean", selected(mean, present), {channels});
    store(id, "running_var", selected(variance, present), {channels});
  }

  /// A block covers those of its nodes that are left.
  void take_blocks() {
    for (const network::Block& block : network_.blocks) {
      std::optional<network::Block> kept;
      for (NodeId id = block.first; id <= block.last; ++id) {
        if (!plan_[id].is_kept()) continue;
        if (!kept) kept = {block.name, new_ids_[id], new_ids_[id]};
        kept->last = new_ids_[id];
      }
      if (kept) result_.network.blocks.push_back(*kept);
    }
  }

  const Network& network_;
  const network::Tensors& tensors_;
  const TrainedQuantizers& quantizers_;
  const Intervals& intervals_;
  const Plan& plan_;
  const Readers readers_;
  std::vector<std::vector<double>> incoming_;       // by batch norm: what is added to its input
  std::vector<std::optional<NodeId>> bypass_into_;  // by layer: the bypassed node behind it
  std::vector<NodeId> new_ids_;
  Rewritten result_;
};

}  // namespace

Rewritten rewrite(const Network& network, const network::Tensors& tensors,
                  const TrainedQuantizers& quantizers, const Intervals& intervals,
                  const Plan& plan) {
  return Rewriter(network, tensors, quantizers, intervals, plan).run();
}

}  // namespace coco_mcu::lowering
