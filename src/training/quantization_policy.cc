#include "training/quantization_policy.h"

#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::training {
namespace {

using network::Network;
using network::Node;
using network::NodeId;
using network::Op;

constexpr QuantizerOptions kTernaryWeights = {
    .bits = 2, .narrow_range = true, .tracking = RangeTracking::kLastValue};
constexpr QuantizerOptions kByteOutputs = {
    .bits = 8, .narrow_range = false, .tracking = RangeTracking::kMovingAverage};

/// In these two bottlenecks the graph of 2019 quantizes after the activation, not before it.
bool quantizes_after_activation(std::string_view node_name) {
  return node_name.starts_with("att_0.bneck5.") || node_name.starts_with("att_0.bneck6.");
}

QuantizationPolicy tf_contrib_2019(const Network& network) {
  const auto readers = network.consumers();
  QuantizationPolicy policy;
  for (std::size_t index = 0; index < network.nodes.size(); ++index) {
    const auto id = static_cast<NodeId>(index);
    const Node& node = network.nodes[index];
    if (node.op != Op::kConv) continue;
    const NodeId reader = readers[index].at(0);
    if (network.nodes[reader].op == Op::kBatchNorm) continue;
    policy.push_back({id, QuantizedSite::kWeight, kTernaryWeights});
    const NodeId output = quantizes_after_activation(node.name) ? reader : id;
    policy.push_back({output, QuantizedSite::kOutput, kByteOutputs});
    if (network.nodes[reader].op == Op::kHardSwish) {
      policy.push_back({reader, QuantizedSite::kOutput, kByteOutputs});
    }
  }
  return policy;
}

}  // namespace

std::string quantizer_name(const Network& network, const Placement& placement) {
  const char* site =
      placement.site == QuantizedSite::kWeight ? ".weight_quantizer" : ".output_quantizer";
  return network.nodes[placement.node].name + site;
}

QuantizationPolicy quantization_policy(std::string_view name, const Network& network) {
  if (name == "none") return {};
  if (name == "tf-contrib-2019") return tf_contrib_2019(network);
  throw std::invalid_argument(
      fmt::format("quantization policy {}: unknown; there is: none, tf-contrib-2019", name));
}

}  // namespace coco_mcu::training
