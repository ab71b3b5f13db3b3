#include "network/network_description.h"

#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "network/builder.h"

namespace coco_mcu::network {
namespace {

constexpr int kMostLayers = 4096;
constexpr int kMostChannels = 1 << 16;
constexpr int kLargestKernel = 64;
constexpr int kLargestFactor = 64;

constexpr Name<Padding> kPaddingNames[] = {
    {Padding::kSymmetric, "symmetric"},
    {Padding::kSame, "same"},
    {Padding::kNone, "none"},
};

bool has_kernel(Op op) {
  return op == Op::kConv || op == Op::kDepthwiseConv;
}

Json describe_node(const Network& network, const Node& node) {
  Json json;
  json["name"] = node.name;
  json["op"] = op_name(node.op);
  json["inputs"] = Json::array();
  for (const NodeId input : node.inputs) json["inputs"].push_back(network.nodes[input].name);
  if (node.op == Op::kInput) {
    json["height"] = node.output.height;
    json["width"] = node.output.width;
    json["channels"] = node.output.channels;
  }
  if (has_kernel(node.op) || node.op == Op::kMaxPool) {
    json["kernel"] = node.kernel;
    json["stride"] = node.stride;
  }
  if (has_kernel(node.op)) {
    json["padding"] = name_of(node.padding_rule, kPaddingNames);
    json["bias"] = node.bias;
  }
  if (node.op == Op::kConv) json["filters"] = node.output.channels;
  if (node.op == Op::kUpsample) json["factor"] = node.factor;
  if (node.op == Op::kCrop) json["offset"] = node.offset;
  if (node.op == Op::kDropout) json["drop_percent"] = static_cast<int>(node.drop_rate * 100 + 0.5);
  return json;
}

/// Writes the layers down one after the other; the first part of dotted names is their block.
class LayerReader {
 public:
  LayerReader(const std::string& name) : net_(name) {}

  void take(const Object& layer) {
    const std::string name = layer.text("name");
    if (name.empty() || ids_.contains(name)) layer.fail("name", "is empty or that of two layers");
    enter_block(name.substr(0, name.find('.') == std::string::npos ? 0 : name.find('.')));
    const std::string part = name.substr(block_.empty() ? 0 : block_.size() + 1);
    const auto op = op_named(layer.text("op"));
    if (!op) layer.fail("op", "is " + layer.text("op") + ", no operation of this program");
    if ((*op == Op::kInput) != ids_.empty() || (*op == Op::kInput && name != "input")) {
      layer.fail("op", "does not make one layer \"input\" the first");
    }
    const NodeId id = append(layer, *op, part, inputs_of(layer, *op));
    const Shape& shape = net_.shape(id);
    const bool is_sane = shape.height <= kLargestSide && shape.width <= kLargestSide &&
                         shape.channels <= kMostChannels;
    if (!is_sane) layer.fail("name", "is a layer of " + shape_text(shape) + ", beyond all size");
    ids_.emplace(name, id);
  }

  Network finish(const std::vector<std::string>& labels) {
    scope_.reset();
    return net_.finish(labels);
  }

 private:
  void enter_block(const std::string& block) {
    if (block == block_) return;
    scope_.reset();
    block_ = block;
    if (!block.empty()) scope_.emplace(net_, block);
  }

  std::vector<NodeId> inputs_of(const Object& layer, Op op) const {
    std::vector<NodeId> inputs;
    for (const std::string& name : layer.texts("inputs")) {
      const auto found = ids_.find(name);
      if (found == ids_.end()) layer.fail("inputs", "names " + name + ", no layer before this one");
      inputs.push_back(found->second);
    }
    const bool takes_two = op == Op::kAdd || op == Op::kMultiply;
    const std::size_t wanted = op == Op::kInput ? 0 : takes_two ? 2 : 1;
    const bool fits = op == Op::kConcatenate ? !inputs.empty() && inputs.size() <= kMostLayers
                                             : inputs.size() == wanted;
    if (!fits) layer.fail("inputs", "has another number of layers than the operation reads");
    return inputs;
  }

  static ConvOptions conv_options(const Object& layer) {
    return {.kernel = layer.integer("kernel", 1, kLargestKernel),
            .stride = layer.integer("stride", 1, kLargestKernel),
            .bias = layer.flag("bias"),
            .padding = layer.one_of("padding", kPaddingNames)};
  }

  NodeId append(const Object& layer, Op op, const std::string& name,
                const std::vector<NodeId>& inputs) {
    switch (op) {
      case Op::kInput:
        return net_.input({.height = layer.integer("height", 1, kLargestSide),
                           .width = layer.integer("width", 1, kLargestSide),
                           .channels = layer.integer("channels", 1, kMostChannels)});
      case Op::kConv: {
        ConvOptions options = conv_options(layer);
        options.filters = layer.integer("filters", 1, kMostChannels);
        return net_.conv(name, inputs[0], options);
      }
      case Op::kDepthwiseConv:
        return net_.depthwise_conv(name, inputs[0], conv_options(layer));
      case Op::kBatchNorm:
        return net_.batch_norm(name, inputs[0]);
      case Op::kRelu:
      case Op::kHardSwish:
      case Op::kHardSigmoid:
      case Op::kSigmoidPlusOne:
        return net_.activation(name, inputs[0], op);
      case Op::kMaxPool:
        return net_.max_pool(name, inputs[0], layer.integer("kernel", 1, kLargestKernel),
                             layer.integer("stride", 1, kLargestKernel));
      case Op::kGlobalAveragePool:
        return net_.global_average_pool(name, inputs[0]);
      case Op::kUpsample:
        return net_.upsample(name, inputs[0], layer.integer("factor", 1, kLargestFactor));
      case Op::kCrop:
        return net_.crop(name, inputs[0], layer.integer("offset", 0, kLargestSide));
      case Op::kAdd:
        return net_.add(name, inputs[0], inputs[1]);
      case Op::kMultiply:
        return net_.multiply(name, inputs[0], inputs[1]);
      case Op::kConcatenate:
        return net_.concatenate(name, inputs);
      case Op::kDropout:
        return net_.dropout(name, inputs[0], layer.integer("drop_percent", 0, 99) / 100.0);
      case Op::kSoftmax:
        return net_.softmax(name, inputs[0]);
    }
    layer.fail("op", "is unknown");
  }

  Builder net_;
  std::string block_;
  std::optional<Builder::Scope> scope_;
  std::map<std::string, NodeId> ids_;
};

}  // namespace

Json describe_layers(const Network& network) {
  Json layers = Json::array();
  for (const Node& node : network.nodes) layers.push_back(describe_node(network, node));
  return layers;
}

Network read_layers(const Object& description, const std::string& name,
                    const std::vector<std::string>& labels) {
  const std::vector<Object> layers = description.objects("layers");
  if (layers.empty() || layers.size() > kMostLayers) {
    description.fail("layers", fmt::format("is not a list of 1 to {} layers", kMostLayers));
  }
  LayerReader reader(name);
  try {
    for (const Object& layer : layers) reader.take(layer);
    return reader.finish(labels);
  } catch (const std::invalid_argument& misfit) {
    description.fail("layers", fmt::format("do not fit: {}", misfit.what()));
  }
}

}  // namespace coco_mcu::network
