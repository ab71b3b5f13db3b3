#include "lowering/reduce.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "lowering/intervals.h"
#include "lowering/liveness.h"
#include "lowering/parameters.h"
#include "lowering/rewriting.h"

namespace coco_mcu::lowering {

using network::Network;
using network::Node;
using network::NodeId;
using network::Op;

namespace {

bool has_kernel(const Node& node) {
  return node.op == Op::kConv || node.op == Op::kDepthwiseConv;
}

std::vector<PrunedWeights> prune(const Network& network, double threshold,
                                 network::Tensors& tensors) {
  std::vector<PrunedWeights> pruned;
  for (const Node& node : network.nodes) {
    if (!has_kernel(node)) continue;
    std::int64_t count = 0;
    for (float& weight : parameter(tensors, node, "weight")) {
      if (weight == 0.0F || std::abs(double{weight}) >= threshold) continue;
      weight = 0.0F;
      ++count;
    }
    if (count > 0) pruned.push_back({node.name, count});
  }
  return pruned;
}

LayerSize size_of(const Network& network, NodeId id) {
  const Node& node = network.nodes[id];
  return {.channels = node.output.channels,
          .input_channels = network.nodes[node.inputs[0]].output.channels,
          .cost = network::cost(network, id)};
}

std::vector<ReducedLayer> compare_layers(const Network& before, const Network& after) {
  std::map<std::string, NodeId> left;
  for (std::size_t id = 0; id < after.nodes.size(); ++id) {
    left[after.nodes[id].name] = static_cast<NodeId>(id);
  }
  std::vector<ReducedLayer> layers;
  for (const network::Block& block : before.blocks) {
    for (NodeId id = block.first; id <= block.last; ++id) {
      const Node& node = before.nodes[id];
      if (!has_kernel(node)) continue;
      ReducedLayer layer = {
          .layer = node.name, .block = block.name, .before = size_of(before, id), .after = {}};
      const auto found = left.find(node.name);
      if (found != left.end()) layer.after = size_of(after, found->second);
      layers.push_back(std::move(layer));
    }
  }
  return layers;
}

/// Weights of a convolution's kernel in rows (output channels) or columns (input channels) of
/// zeros.
std::int64_t idle_weights(const std::vector<float>& kernel, std::size_t rows, std::size_t columns) {
  const std::size_t window = kernel.size() / (rows * columns);
  std::vector<bool> row_works(rows, false);
  std::vector<bool> column_works(columns, false);
  for (std::size_t at = 0; at < kernel.size(); ++at) {
    if (kernel[at] == 0.0F) continue;
    row_works[at / (window * columns)] = true;
    column_works[at / window % columns] = true;
  }
  const auto working = std::ranges::count(row_works, true) * std::ranges::count(column_works, true);
  return static_cast<std::int64_t>(kernel.size()) - working * static_cast<std::int64_t>(window);
}

std::int64_t idle_weights(const Network& network, const network::Tensors& tensors) {
  std::int64_t sum = 0;
  for (const Node& node : network.nodes) {
    if (node.op != Op::kConv) continue;
    sum += idle_weights(parameter(tensors, node, "weight"),
                        static_cast<std::size_t>(node.output.channels),
                        static_cast<std::size_t>(network.nodes[node.inputs[0]].output.channels));
  }
  return sum;
}

/// What reads a held node keeps the interval it had: that still holds every value.
void hold(const Network& network, const ChannelMeans& held, Intervals& intervals) {
  for (const auto& [name, values] : held) {
    const auto id = network.find(name);
    if (!id || intervals[*id].size() != values.size()) {
      throw std::invalid_argument(fmt::format(
          "{}: cannot be held at {} values; the network has no such node of as many channels", name,
          values.size()));
    }
    for (std::size_t c = 0; c < values.size(); ++c) intervals[*id][c] = {values[c], values[c]};
  }
}

network::Quantizers of_outputs(const TrainedQuantizers& quantizers) {
  network::Quantizers outputs;
  for (const TrainedQuantizer& each : quantizers) {
    const bool is_output = each.quantizer.tensor == network::QuantizedTensor::kOutput;
    if (is_output) outputs.push_back(each.quantizer);
  }
  return outputs;
}

}  // namespace

ReducedNetwork reduce(const Network& network, const network::Tensors& tensors,
                      const TrainedQuantizers& quantizers, const core::Preprocessing& preprocessing,
                      const ReduceOptions& options) {
  ReducedNetwork reduced = {.network = network,
                            .tensors = effective_weights(tensors, quantizers),
                            .quantizers = {},
                            .kept = {},
                            .report = {}};
  reduced.report.pruned = prune(network, options.prune_below, reduced.tensors);
  if (options.exact_removal) {
    Intervals intervals = channel_intervals(network, reduced.tensors, quantizers, preprocessing);
    hold(network, options.held, intervals);
    const Plan plan = plan_removal(network, reduced.tensors, quantizers, intervals);
    Rewritten rewritten = rewrite(network, reduced.tensors, quantizers, intervals, plan);
    reduced.network = std::move(rewritten.network);
    reduced.tensors = std::move(rewritten.tensors);
    reduced.quantizers = std::move(rewritten.quantizers);
    reduced.kept = std::move(rewritten.kept);
    reduced.report.constants = std::move(rewritten.constants);
  } else {
    reduced.quantizers = of_outputs(quantizers);
  }
  reduced.report.layers = compare_layers(network, reduced.network);
  reduced.report.before = network::cost(network);
  reduced.report.after = network::cost(reduced.network);
  reduced.report.idle_weights = idle_weights(reduced.network, reduced.tensors);
  return reduced;
}

}  // namespace coco_mcu::lowering
