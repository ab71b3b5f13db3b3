#include "exchange/import_graph.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "exchange/refusal.h"
#include "network/checkpoint_files.h"
#include "network/json_object.h"
#include "network/network_description.h"

namespace coco_mcu::exchange {
namespace {

using network::Json;
using network::Network;
using network::Node;
using network::Object;
using network::Op;
using network::Tensor;

constexpr const char* kGraphFile = "graph.json";
constexpr const char* kWeightsFile = "weights.f32";
constexpr int kMostElements = 1 << 26;

enum class GraphOp { kInput, kConv, kFullyConnected, kRelu, kConcat, kMaxPool, kAveragePool, kAdd };

constexpr network::Name<GraphOp> kOpNames[] = {
    {GraphOp::kInput, "input"},
    {GraphOp::kConv, "conv"},
    {GraphOp::kFullyConnected, "fully_connected"},
    {GraphOp::kRelu, "relu"},
    {GraphOp::kConcat, "concat"},
    {GraphOp::kMaxPool, "max_pool"},
    {GraphOp::kAveragePool, "average_pool"},
    {GraphOp::kAdd, "add"},
};

constexpr network::Name<network::Padding> kPaddingNames[] = {
    {network::Padding::kSame, "same"},
    {network::Padding::kNone, "valid"},
};

/// "block/conv" as "block.conv".
std::string our_name(std::string name) {
  std::ranges::replace(name, '.', '_');
  std::ranges::replace(name, '/', '.');
  return name;
}

/// What has to hold once shapes are known.
struct Condition {
  std::string layer;
  GraphOp op = GraphOp::kInput;
  int kernel = 1;
  int stride = 1;
  network::Padding padding = network::Padding::kNone;
};

class GraphImport {
 public:
  GraphImport(const Object& graph, std::span<const std::uint8_t> weights, std::string_view folder,
              const GraphOptions& options)
      : graph_(graph), weights_(weights), folder_(folder), options_(options) {}

  network::Checkpoint run() {
    const std::vector<Object> layers = graph_.objects("nodes");
    for (const Object& layer : layers) take(layer);
    if (layers.empty() || our_name(graph_.text("output")) != layers_.back()["name"]) {
      graph_.fail("output", "is not the last layer");
    }
    layers_.push_back(
        {{"name", "probs"}, {"op", "softmax"}, {"inputs", {our_name(graph_.text("output"))}}});
    const Json description = {{"layers", layers_}};
    network::Checkpoint made;
    made.network = options_.name;
    made.preprocessing = options_.preprocessing;
    made.labels = options_.labels;
    made.own_network =
        read_layers(Object(description, folder_, ""), options_.name, options_.labels);
    for (const Condition& each : conditions_) check(each, *made.own_network);
    made.tensors = std::move(tensors_);
    network::check_fits(made, *made.own_network);
    return made;
  }

 private:
  Tensor read(const Object& layer, const char* key) const {
    const Object place = layer.object(key);
    Tensor tensor;
    std::int64_t count = 1;
    for (const int size : place.integers("shape", 1, 1 << 16)) {
      tensor.shape.push_back(size);
      count *= size;
      if (count > kMostElements) place.fail("shape", "is beyond all size");
    }
    const auto offset = static_cast<std::size_t>(place.integer("offset", 0, 1 << 30));
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
    if (offset > weights_.size() || bytes > weights_.size() - offset) {
      place.fail("offset", fmt::format("puts the tensor beyond the end of {}", kWeightsFile));
    }
    tensor.values.resize(static_cast<std::size_t>(count));
    std::memcpy(tensor.values.data(), weights_.data() + offset, bytes);
    return tensor;
  }

  void take(const Object& layer) {
    const std::string name = our_name(layer.text("name"));
    const GraphOp op = layer.one_of("op", kOpNames);
    Json made = {{"name", name}, {"inputs", Json::array()}};
    for (const std::string& input : layer.texts("inputs")) {
      made["inputs"].push_back(our_name(input));
    }
    switch (op) {
      case GraphOp::kInput:
        made["op"] = "input";
        made["height"] = options_.preprocessing.height;
        made["width"] = options_.preprocessing.width;
        made["channels"] = 3;
        break;
      case GraphOp::kConv:
        take_convolution(layer, name, made);
        break;
      case GraphOp::kFullyConnected:
        take_fully_connected(layer, name, made);
        break;
      case GraphOp::kRelu:
        made["op"] = "relu";
        break;
      case GraphOp::kConcat:
        made["op"] = "concatenate";
        break;
      case GraphOp::kAdd:
        made["op"] = "add";
        break;
      case GraphOp::kMaxPool:
      case GraphOp::kAveragePool:
        take_pool(layer, name, op, made);
        break;
    }
    layers_.push_back(std::move(made));
  }

  void take_convolution(const Object& layer, const std::string& name, Json& made) {
    Tensor weight = read(layer, "weight");
    const int groups = layer.integer("groups", 1, 1 << 16);
    if (weight.shape.size() != 4 || weight.shape[2] != weight.shape[3]) {
      layer.fail("weight", "is not [out, in / groups, kernel, kernel]");
    }
    const bool is_depthwise = groups > 1;
    if (is_depthwise && (groups != weight.shape[0] || weight.shape[1] != 1)) {
      layer.fail("groups", "is neither 1 nor the number of channels (depthwise)");
    }
    made["op"] = is_depthwise ? "depthwise_conv" : "conv";
    made["kernel"] = weight.shape[2];
    made["stride"] = layer.integer("stride", 1, 64);
    made["padding"] =
        layer.one_of("padding", kPaddingNames) == network::Padding::kSame ? "same" : "none";
    finish_convolution(layer, name, std::move(weight), made);
  }

  void take_fully_connected(const Object& layer, const std::string& name, Json& made) {
    const Tensor weight = read(layer, "weight");
    if (weight.shape.size() != 2) layer.fail("weight", "is not [in, out]");
    const auto inputs = static_cast<std::size_t>(weight.shape[0]);
    const auto outputs = static_cast<std::size_t>(weight.shape[1]);
    Tensor turned{{weight.shape[1], weight.shape[0], 1, 1}, {}};
    for (std::size_t out = 0; out < outputs; ++out) {
      for (std::size_t in = 0; in < inputs; ++in) {
        turned.values.push_back(weight.values[in * outputs + out]);
      }
    }
    made["op"] = "conv";
    made["kernel"] = made["stride"] = 1;
    made["padding"] = "none";
    conditions_.push_back({.layer = name, .op = GraphOp::kFullyConnected});
    finish_convolution(layer, name, std::move(turned), made);
  }

  void finish_convolution(const Object& layer, const std::string& name, Tensor weight, Json& made) {
    made["bias"] = layer.has("bias");
    if (layer.has("bias")) tensors_[name + ".bias"] = read(layer, "bias");
    if (made["op"] == "conv") made["filters"] = weight.shape[0];
    tensors_[name + ".weight"] = std::move(weight);
  }

  void take_pool(const Object& layer, const std::string& name, GraphOp op, Json& made) {
    const Condition condition = {.layer = name,
                                 .op = op,
                                 .kernel = layer.integer("kernel", 1, 64),
                                 .stride = layer.integer("stride", 1, 64),
                                 .padding = layer.one_of("padding", kPaddingNames)};
    made["op"] = op == GraphOp::kMaxPool ? "max_pool" : "global_average_pool";
    if (op == GraphOp::kMaxPool) {
      made["kernel"] = condition.kernel;
      made["stride"] = condition.stride;
    }
    conditions_.push_back(condition);
  }

  void check(const Condition& condition, const Network& network) const {
    const Node& node = network.nodes[*network.find(condition.layer)];
    const network::Shape& input = network.nodes[node.inputs[0]].output;
    const auto refuse = [&](std::string_view reason) {
      fail(folder_,
           fmt::format("layer {}: {}; there is none of that kind here", node.name, reason));
    };
    const bool is_pixel = input.height == 1 && input.width == 1;
    const bool is_whole = input.height == condition.kernel && input.width == condition.kernel;
    const int stride = condition.stride;
    const bool pads =
        condition.padding == network::Padding::kSame &&
        (condition.kernel > stride || input.height % stride != 0 || input.width % stride != 0);
    if (condition.op == GraphOp::kFullyConnected && !is_pixel) {
      refuse(fmt::format("fully connected to {}, more than one pixel", shape_text(input)));
    }
    if (condition.op == GraphOp::kAveragePool && !is_whole) {
      refuse(fmt::format("averages {0}x{0} of {1}, not all of it", condition.kernel,
                         shape_text(input)));
    }
    if (condition.op == GraphOp::kMaxPool && pads) refuse("max-pool reaches into padding");
  }

  const Object& graph_;
  std::span<const std::uint8_t> weights_;
  std::string_view folder_;
  const GraphOptions& options_;
  Json layers_ = Json::array();
  std::vector<Condition> conditions_;
  network::Tensors tensors_;
};

}  // namespace

network::Checkpoint import_graph(std::string_view graph, std::span<const std::uint8_t> weights,
                                 std::string_view folder, const GraphOptions& options) {
  const std::string file = fmt::format("{}/{}", folder, kGraphFile);
  const Json json = Json::parse(graph, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) fail(file, "is not JSON; give the folder of a graph");
  const Object object(json, file, "");
  network::Checkpoint made = GraphImport(object, weights, file, options).run();
  made.provenance = {{"created_by", network::created_by()},
                     {"source", fmt::format("graph {}", file)}};
  return made;
}

network::Checkpoint import_graph(const std::filesystem::path& folder, const GraphOptions& options) {
  const std::vector<std::uint8_t> graph = network::read_file(folder / kGraphFile);
  const std::vector<std::uint8_t> weights = network::read_file(folder / kWeightsFile);
  return import_graph(std::string(graph.begin(), graph.end()), weights, folder.string(), options);
}

}  // namespace coco_mcu::exchange
