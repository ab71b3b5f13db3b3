#include "cli/network_diagram.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "network/costs.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

using network::Network;
using network::Node;
using network::NodeId;
using network::Op;

std::string stride_text(const Node& node) {
  return node.stride > 1 ? fmt::format(" /{}", node.stride) : "";
}

/// The chip of one layer; nothing for batch norm and activations, which belong to the layer before,
/// and for all of a squeeze-excite but its last layer.
std::optional<report::DiagramPart> part(const Node& node) {
  const bool in_squeeze_excite = node.name.find(".squeeze_excite.") != std::string::npos;
  if (in_squeeze_excite) {
    if (node.op != Op::kMultiply) return std::nullopt;
    return report::DiagramPart{"SE", "squeeze-excite"};
  }
  switch (node.op) {
    case Op::kConv:
      return report::DiagramPart{
          fmt::format("conv {0}x{0}{1} {2}", node.kernel, stride_text(node), node.output.channels),
          "convolution"};
    case Op::kDepthwiseConv:
      return report::DiagramPart{
          fmt::format("depthwise {0}x{0}{1}", node.kernel, stride_text(node)), "depthwise"};
    case Op::kMaxPool:
      return report::DiagramPart{fmt::format("max {0}x{0}", node.kernel), "pooling"};
    case Op::kGlobalAveragePool:
      return report::DiagramPart{"mean", "pooling"};
    case Op::kUpsample:
      return report::DiagramPart{fmt::format("up x{}", node.factor), "resampling"};
    case Op::kCrop:
      return report::DiagramPart{"crop", "resampling"};
    case Op::kAdd:
      return report::DiagramPart{"add", "elementwise"};
    case Op::kMultiply:
      return report::DiagramPart{"multiply", "elementwise"};
    case Op::kConcatenate:
      return report::DiagramPart{"concat", "elementwise"};
    case Op::kSigmoidPlusOne:
      return report::DiagramPart{"1 + sigmoid", "elementwise"};
    case Op::kDropout:
      return report::DiagramPart{"dropout", "elementwise"};
    case Op::kSoftmax:
      return report::DiagramPart{"softmax", "elementwise"};
    default:
      return std::nullopt;
  }
}

/// The blocks that this one reads, in the order of its layers; the drawing's first block is the
/// network's input.
std::vector<int> block_inputs(const Network& network, const network::Block& block) {
  std::vector<int> inputs;
  for (NodeId id = block.first; id <= block.last; ++id) {
    for (const NodeId input : network.nodes[id].inputs) {
      if (input >= block.first) continue;
      const auto source =
          std::ranges::find_if(network.blocks, [&](const auto& b) { return b.last >= input; });
      const int index = input == 0 ? 0 : static_cast<int>(source - network.blocks.begin()) + 1;
      if (std::ranges::find(inputs, index) == inputs.end()) inputs.push_back(index);
    }
  }
  return inputs;
}

report::DiagramBlock drawn(const Network& network, const network::Block& block) {
  const network::Cost sum = cost(network, block);
  report::DiagramBlock result;
  result.title = block.name;
  result.inputs = block_inputs(network, block);
  for (NodeId id = block.first; id <= block.last; ++id) {
    if (auto chip = part(network.nodes[id])) result.parts.push_back(*std::move(chip));
  }
  result.output = shape_text(network.nodes[block.last].output);
  result.macs = sum.macs;
  result.parameters = sum.parameters();
  return result;
}

}  // namespace

report::Diagram network_diagram(const Network& network, std::string summary) {
  const network::Cost total = cost(network);
  report::Diagram diagram;
  diagram.title = network.name;
  diagram.subtitle =
      fmt::format("{}; {} parameters, {} MACs", summary, report::thousands(total.parameters()),
                  report::thousands(total.macs));
  report::DiagramBlock input;
  input.title = "input";
  input.output = shape_text(network.input().output);
  diagram.blocks.push_back(std::move(input));
  for (const network::Block& block : network.blocks) {
    diagram.blocks.push_back(drawn(network, block));
  }
  return diagram;
}

}  // namespace coco_mcu::cli
