#include "network/tf_contrib_2019.h"

#include <cstddef>
#include <string_view>

namespace coco_mcu::network {
namespace {

/// In these two bottlenecks the graph of 2019 quantizes after the activation, not before it.
bool quantizes_after_activation(std::string_view node_name) {
  return node_name.starts_with("att_0.bneck5.") || node_name.starts_with("att_0.bneck6.");
}

Quantizer ternary_weights(const Node& node) {
  return {.node = node.name,
          .tensor = QuantizedTensor::kWeight,
          .kind = QuantizerKind::kTrackedRange,
          .bits = 2,
          .narrow_range = true};
}

Quantizer byte_outputs(const Node& node) {
  return {.node = node.name, .kind = QuantizerKind::kTrackedRange};
}

}  // namespace

Quantizers tf_contrib_2019(const Network& network) {
  const auto readers = network.consumers();
  Quantizers quantizers;
  for (std::size_t index = 0; index < network.nodes.size(); ++index) {
    const Node& node = network.nodes[index];
    if (node.op != Op::kConv) continue;
    const Node& reader = network.nodes[readers[index].at(0)];
    if (reader.op == Op::kBatchNorm) continue;
    quantizers.push_back(ternary_weights(node));
    quantizers.push_back(byte_outputs(quantizes_after_activation(node.name) ? reader : node));
    if (reader.op == Op::kHardSwish) quantizers.push_back(byte_outputs(reader));
  }
  return quantizers;
}

}  // namespace coco_mcu::network
