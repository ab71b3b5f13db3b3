#include "lowering/kernel_pairs.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "lowering/parameters.h"
#include "lowering/quantize_weights.h"
#include "lowering/trained_quantizers.h"

namespace coco_mcu::lowering {

using network::Network;
using network::Node;
using network::NodeId;
using network::Op;

namespace {

/// How the coarse grid may be stretched beyond the one of least error by itself: clipped weights
/// would leave the fine one large leftovers.
constexpr double kStretches[] = {1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.7, 1.9, 2.2};

struct RowPair {
  std::vector<float> coarse;
  std::vector<float> fine;
  double error = 0.0;  // squared, once the fine one stands on a grid, too
};

/// On a coarse grid of this scale; 0 leaves all to the fine one.
RowPair split(std::span<const float> row, double scale, core::WeightFormat format) {
  RowPair pair;
  const auto step = static_cast<float>(scale * core::weight_step(format));
  for (const float weight : row) {
    const float coarse = scale > 0.0 ? step_quantize(weight, step, format) : 0.0F;
    pair.coarse.push_back(coarse);
    pair.fine.push_back(weight - coarse);
  }
  const QuantizedRow fine = quantize_row(pair.fine, format);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double error = pair.fine[i] - fine.value(i);
    pair.error += error * error;
  }
  return pair;
}

/// The split of least error, among grids at least as wide as the one of least error by itself.
RowPair best_split(std::span<const float> row, core::WeightFormat format) {
  const double alone = quantize_row(row, format).scale;
  std::optional<RowPair> best;
  for (const double stretch : kStretches) {
    RowPair pair = split(row, alone * stretch, format);
    if (!best || pair.error < best->error) best = std::move(pair);
  }
  return *best;
}

class Pairing {
 public:
  Pairing(const Network& network, const network::Tensors& tensors, core::WeightFormat format)
      : network_(network),
        format_(format),
        new_ids_(network.nodes.size()),
        is_absorbed_(network.nodes.size()) {
    result_.network.name = network.name;
    result_.network.labels = network.labels;
    result_.tensors = tensors;
  }

  PairedNetwork run(const std::function<bool(const Node&)>& is_chosen) {
    const auto consumers = network_.consumers();
    for (NodeId id = 0; id < static_cast<NodeId>(network_.nodes.size()); ++id) {
      const Node& node = network_.nodes[id];
      const bool is_convolution = node.op == Op::kConv || node.op == Op::kDepthwiseConv;
      if (is_absorbed_[id]) continue;
      if (!is_convolution || !is_chosen(node)) {
        new_ids_[id] = append(moved(node, node.name));
        continue;
      }
      const bool has_norm =
          consumers[id].size() == 1 && network_.nodes[consumers[id][0]].op == Op::kBatchNorm;
      pair(id, has_norm ? std::optional(consumers[id][0]) : std::nullopt);
    }
    for (const network::Block& block : network_.blocks) {
      result_.network.blocks.push_back(
          {block.name, new_ids_[block.first - 1] + 1, new_ids_[block.last]});
    }
    return std::move(result_);
  }

 private:
  NodeId append(Node node) {
    result_.network.nodes.push_back(std::move(node));
    return static_cast<NodeId>(result_.network.nodes.size()) - 1;
  }

  Node moved(const Node& node, std::string name) const {
    Node copy = node;
    copy.name = std::move(name);
    for (NodeId& input : copy.inputs) input = new_ids_[input];
    return copy;
  }

  void pair(NodeId id, std::optional<NodeId> norm) {
    const Node& node = network_.nodes[id];
    std::string base = node.name;
    if (base.ends_with(".conv")) base.resize(base.size() - std::string_view(".conv").size());
    const NodeId coarse = convolution(node, base + ".coarse.conv");
    const NodeId coarse_end =
        norm ? batch_norm(*norm, base + ".coarse.batch_norm", coarse) : coarse;
    const NodeId fine = convolution(node, base + ".fine.conv");
    const NodeId fine_end = norm ? batch_norm(*norm, base + ".fine.batch_norm", fine) : fine;
    split_kernel(node, coarse, fine);
    if (norm) {
      const Node& fine_norm = result_.network.nodes[fine_end];
      for (const char* part : {"bias", "running_mean"}) {
        std::ranges::fill(parameter(result_.tensors, fine_norm, part), 0.0F);
      }
      forget(network_.nodes[*norm]);
      is_absorbed_[*norm] = true;
    }
    Node sum;
    sum.op = Op::kAdd;
    sum.name = base + ".sum";
    sum.inputs = {coarse_end, fine_end};
    sum.output = node.output;
    new_ids_[id] = append(std::move(sum));
    if (norm) new_ids_[*norm] = new_ids_[id];
  }

  NodeId convolution(const Node& node, const std::string& name) {
    Node half = moved(node, name);
    half.bias = node.bias && name.ends_with(".coarse.conv");
    if (half.bias) {
      result_.tensors[name + ".bias"] = result_.tensors.at(node.name + ".bias");
    }
    return append(std::move(half));
  }

  NodeId batch_norm(NodeId norm, const std::string& name, NodeId convolution) {
    const Node& node = network_.nodes[norm];
    Node half = node;
    half.name = name;
    half.inputs = {convolution};
    for (const char* part : {"weight", "bias", "running_mean", "running_var"}) {
      result_.tensors[fmt::format("{}.{}", name, part)] = {{node.output.channels},
                                                           parameter(result_.tensors, node, part)};
    }
    const NodeId id = append(std::move(half));
    result_.norms.emplace_back(id, convolution);
    return id;
  }

  void split_kernel(const Node& node, NodeId coarse, NodeId fine) {
    const network::Tensor whole = result_.tensors.at(node.name + ".weight");
    const auto channels = static_cast<std::size_t>(node.output.channels);
    const std::size_t row_size = whole.values.size() / channels;
    network::Tensor parts[2] = {{whole.shape, {}}, {whole.shape, {}}};
    for (std::size_t out = 0; out < channels; ++out) {
      const RowPair row =
          best_split(std::span(whole.values).subspan(out * row_size, row_size), format_);
      parts[0].values.insert(parts[0].values.end(), row.coarse.begin(), row.coarse.end());
      parts[1].values.insert(parts[1].values.end(), row.fine.begin(), row.fine.end());
    }
    result_.tensors[result_.network.nodes[coarse].name + ".weight"] = std::move(parts[0]);
    result_.tensors[result_.network.nodes[fine].name + ".weight"] = std::move(parts[1]);
    forget(node);
  }

  /// The tensors of a node that has gone.
  void forget(const Node& node) {
    for (const char* part : {"weight", "bias", "running_mean", "running_var"}) {
      result_.tensors.erase(fmt::format("{}.{}", node.name, part));
    }
  }

  const Network& network_;
  core::WeightFormat format_;
  std::vector<NodeId> new_ids_;
  std::vector<bool> is_absorbed_;  // batch norms that have become two
  PairedNetwork result_;
};

}  // namespace

PairedNetwork pair_kernels(const Network& network, const network::Tensors& tensors,
                           core::WeightFormat format,
                           const std::function<bool(const Node&)>& is_chosen) {
  return Pairing(network, tensors, format).run(is_chosen);
}

void rebase_batch_norm(network::Tensors& tensors, const Node& norm,
                       const ChannelStatistics& statistics) {
  const std::vector<Affine> affine = batch_norm_affine(tensors, norm);
  for (std::size_t c = 0; c < affine.size(); ++c) {
    const double deviation = std::sqrt(statistics.variance[c] + network::kBatchNormEpsilon);
    parameter(tensors, norm, "weight")[c] = static_cast<float>(affine[c].factor * deviation);
    parameter(tensors, norm, "bias")[c] =
        static_cast<float>(affine[c].addend + statistics.mean[c] * affine[c].factor);
    parameter(tensors, norm, "running_mean")[c] = static_cast<float>(statistics.mean[c]);
    parameter(tensors, norm, "running_var")[c] = static_cast<float>(statistics.variance[c]);
  }
}

}  // namespace coco_mcu::lowering
