#include "network/costs.h"

namespace coco_mcu::network {

Cost& Cost::operator+=(const Cost& other) {
  weights += other.weights;
  biases += other.biases;
  batch_norm += other.batch_norm;
  macs += other.macs;
  return *this;
}

Cost cost(const Network& network, NodeId id) {
  const Node& node = network.nodes[id];
  const std::int64_t window = std::int64_t{1} * node.kernel * node.kernel;
  const int channels = node.output.channels;
  Cost result;
  switch (node.op) {
    case Op::kConv:
      result.weights = window * network.nodes[node.inputs[0]].output.channels * channels;
      result.biases = node.bias ? channels : 0;
      result.macs = result.weights * node.output.height * node.output.width;
      break;
    case Op::kDepthwiseConv:
      result.weights = window * channels;
      result.biases = node.bias ? channels : 0;
      result.macs = result.weights * node.output.height * node.output.width;
      break;
    case Op::kBatchNorm:
      result.batch_norm = std::int64_t{4} * channels;
      break;
    default:
      break;
  }
  return result;
}

Cost cost(const Network& network, const Block& block) {
  Cost sum;
  for (NodeId id = block.first; id <= block.last; ++id) sum += cost(network, id);
  return sum;
}

Cost cost(const Network& network) {
  Cost sum;
  for (const Block& block : network.blocks) sum += cost(network, block);
  return sum;
}

std::int64_t weight_bytes(const Network& network, int bits) {
  std::int64_t bytes = 0;
  for (std::size_t id = 0; id < network.nodes.size(); ++id) {
    bytes += (cost(network, static_cast<NodeId>(id)).weights * bits + 7) / 8;
  }
  return bytes;
}

}  // namespace coco_mcu::network
