#include "network/network.h"

#include <algorithm>

#include <fmt/format.h>

namespace coco_mcu::network {

std::string shape_text(const Shape& shape) {
  return fmt::format("{}x{}x{}", shape.height, shape.width, shape.channels);
}

std::string_view op_name(Op op) {
  switch (op) {
    case Op::kInput:
      return "input";
    case Op::kConv:
      return "conv";
    case Op::kDepthwiseConv:
      return "depthwise_conv";
    case Op::kBatchNorm:
      return "batch_norm";
    case Op::kRelu:
      return "relu";
    case Op::kHardSwish:
      return "hard_swish";
    case Op::kHardSigmoid:
      return "hard_sigmoid";
    case Op::kSigmoidPlusOne:
      return "sigmoid_plus_one";
    case Op::kMaxPool:
      return "max_pool";
    case Op::kGlobalAveragePool:
      return "global_average_pool";
    case Op::kUpsample:
      return "upsample";
    case Op::kCrop:
      return "crop";
    case Op::kAdd:
      return "add";
    case Op::kMultiply:
      return "multiply";
    case Op::kConcatenate:
      return "concatenate";
    case Op::kDropout:
      return "dropout";
    case Op::kSoftmax:
      return "softmax";
  }
  return "unknown";
}

std::optional<Op> op_named(std::string_view name) {
  for (int op = 0; op <= static_cast<int>(Op::kSoftmax); ++op) {
    if (op_name(static_cast<Op>(op)) == name) return static_cast<Op>(op);
  }
  return std::nullopt;
}

bool reads_padding(const Node& convolution, const Shape& input) {
  const auto end_of = [&](int windows) {
    return (windows - 1) * convolution.stride - convolution.padding + convolution.kernel;
  };
  return convolution.padding > 0 || end_of(convolution.output.height) > input.height ||
         end_of(convolution.output.width) > input.width;
}

std::optional<NodeId> Network::find(std::string_view name_or_block) const {
  const auto block = std::ranges::find(blocks, name_or_block, &Block::name);
  if (block != blocks.end()) return block->last;
  const auto node = std::ranges::find(nodes, name_or_block, &Node::name);
  if (node != nodes.end()) return static_cast<NodeId>(node - nodes.begin());
  return std::nullopt;
}

std::vector<std::vector<NodeId>> Network::consumers() const {
  std::vector<std::vector<NodeId>> readers(nodes.size());
  for (std::size_t id = 0; id < nodes.size(); ++id) {
    for (const NodeId input : nodes[id].inputs) readers[input].push_back(static_cast<NodeId>(id));
  }
  return readers;
}

std::vector<Parameter> parameters(const Network& network) {
  std::vector<Parameter> all;
  for (std::size_t id = 0; id < network.nodes.size(); ++id) {
    const Node& node = network.nodes[id];
    const auto add = [&](const char* part, std::vector<std::int64_t> shape, bool trainable = true) {
      all.push_back({node.name + "." + part, std::move(shape), static_cast<NodeId>(id), trainable});
    };
    const int channels = node.output.channels;
    if (node.op == Op::kConv) {
      const int input_channels = network.nodes[node.inputs[0]].output.channels;
      add("weight", {channels, input_channels, node.kernel, node.kernel});
      if (node.bias) add("bias", {channels});
    } else if (node.op == Op::kDepthwiseConv) {
      add("weight", {channels, 1, node.kernel, node.kernel});
      if (node.bias) add("bias", {channels});
    } else if (node.op == Op::kBatchNorm) {
      add("weight", {channels});
      add("bias", {channels});
      add("running_mean", {channels}, false);
      add("running_var", {channels}, false);
    }
  }
  return all;
}

}  // namespace coco_mcu::network
