#include "bench/support/library_module.h"

#include <cmath>

#include "training/node_functions.h"

namespace coco_mcu {

using network::Node;
using network::NodeId;
using network::Op;

namespace {

/// The levels that fake_quantize_per_channel_affine can have nearest to a format's.
void set_levels(core::WeightFormat format, int& lowest, int& highest) {
  const int bits = core::weight_bits(format);
  lowest = -(1 << (bits - 1));
  highest = (1 << (bits - 1)) - 1;
}

}  // namespace

LibraryModule::LibraryModule(const training::NetworkModule& module)
    : network_(module.description()), layers_(network_.nodes.size()) {
  const auto parameters = module.named_parameters();
  const auto buffers = module.named_buffers();
  const auto find = [&](const std::string& name) {
    if (const auto* parameter = parameters.find(name)) return *parameter;
    const auto* buffer = buffers.find(name);
    return buffer != nullptr ? *buffer : torch::Tensor();
  };
  for (std::size_t id = 0; id < layers_.size(); ++id) {
    const std::string& name = network_.nodes[id].name;
    layers_[id].weight = find(name + ".weight");
    layers_[id].bias = find(name + ".bias");
    layers_[id].running_mean = find(name + ".running_mean");
    layers_[id].running_var = find(name + ".running_var");
  }
  for (const network::Quantizer& quantizer : module.quantizers()) {
    Layer& layer = layers_[static_cast<std::size_t>(*network_.find(quantizer.node))];
    const std::string name = network::quantizer_name(quantizer);
    if (quantizer.kind == network::QuantizerKind::kLearnedStep) {
      layer.weight_scale = find(name + ".step").detach().clone();
      layer.weight_zero = torch::zeros_like(layer.weight_scale, torch::kInt);
      set_levels(quantizer.format, layer.lowest_level, layer.highest_level);
      continue;
    }
    const auto minimum = find(name + ".min").item<double>();
    const auto maximum = find(name + ".max").item<double>();
    layer.has_output_quantizer = true;
    layer.output_scale = (maximum - minimum) / 255.0;
    layer.output_zero = static_cast<int>(std::lround(-minimum / layer.output_scale));
    if (layer.output_zero < 0) layer.output_zero = 0;  // masks of 1..2: the cost is the same
  }
}

torch::Tensor LibraryModule::compute(NodeId id, const std::vector<torch::Tensor>& inputs) const {
  const Node& node = network_.nodes[id];
  const Layer& layer = layers_[id];
  switch (node.op) {
    case Op::kConv:
    case Op::kDepthwiseConv: {
      const torch::Tensor weight = layer.weight_scale.defined()
                                       ? torch::fake_quantize_per_channel_affine(
                                             layer.weight, layer.weight_scale, layer.weight_zero, 0,
                                             layer.lowest_level, layer.highest_level)
                                       : layer.weight;
      return training::convolve(node, inputs[0], weight, layer.bias);
    }
    case Op::kBatchNorm:
      return torch::batch_norm(inputs[0], layer.weight, layer.bias, layer.running_mean,
                               layer.running_var, /*training=*/true,
                               1.0 - network::kBatchNormMomentum, network::kBatchNormEpsilon,
                               /*cudnn_enabled=*/true);
    case Op::kDropout:
      return torch::dropout(inputs[0], node.drop_rate, /*train=*/true);
    default:
      return training::plain_function(node, inputs);
  }
}

torch::Tensor LibraryModule::logits(const torch::Tensor& pictures) const {
  std::vector<torch::Tensor> values(network_.nodes.size());
  const NodeId last = network_.output().inputs[0];
  for (NodeId id = 0; id <= last; ++id) {
    std::vector<torch::Tensor> inputs;
    for (const NodeId input : network_.nodes[id].inputs) inputs.push_back(values[input]);
    const Layer& layer = layers_[id];
    values[id] = id == 0 ? pictures : compute(id, inputs);
    if (layer.has_output_quantizer) {
      values[id] = torch::fake_quantize_per_tensor_affine(values[id], layer.output_scale,
                                                          layer.output_zero, 0, 255);
    }
  }
  return values[last].flatten(1);
}

}  // namespace coco_mcu
