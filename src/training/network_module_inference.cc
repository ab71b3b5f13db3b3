// Evaluation of many pictures: batch norm inside of the convolutions, tensors written over.
#include "training/network_module.h"
#include "training/node_functions.h"

namespace coco_mcu::training {

using network::kBatchNormEpsilon;
using network::Node;
using network::NodeId;
using network::Op;

void NetworkModule::prepare_inference() {
  const torch::NoGradGuard no_grad;
  if (quantizes_activations_) {
    to(torch::kDouble);
    type_ = torch::kDouble;
    return;
  }
  for (std::size_t id = 0; id < layers_.size(); ++id) {
    const Op op = description_.nodes[id].op;
    if (op != Op::kConv && op != Op::kDepthwiseConv) continue;
    Layer& conv = layers_[id];
    conv.inference_weight = quantized_weight(conv);
    conv.inference_bias = conv.bias;
    const NodeId reader = readers_[id][0];
    const bool foldable = description_.nodes[reader].op == Op::kBatchNorm &&
                          readers_[id].size() == 1 && !conv.tracked_output;
    if (!foldable) continue;
    Layer& norm = layers_[reader];
    const torch::Tensor gain = norm.weight.to(torch::kDouble) /
                               (norm.running_var.to(torch::kDouble) + kBatchNormEpsilon).sqrt();
    const torch::Tensor mean = norm.running_mean.to(torch::kDouble);
    const torch::Tensor shift = norm.bias.to(torch::kDouble) - mean * gain;
    conv.inference_weight = (conv.inference_weight * gain.view({-1, 1, 1, 1}))
                                .to(torch::kFloat)
                                .contiguous(torch::MemoryFormat::ChannelsLast);
    conv.inference_bias =
        (conv.bias.defined() ? shift + conv.bias * gain : shift).to(torch::kFloat);
    norm.is_folded = true;
  }
}

torch::Tensor NetworkModule::infer_node(NodeId id, const Tensors& inputs) const {
  const Node& node = description_.nodes[id];
  const Layer& layer = layers_[id];
  const NodeId input = node.inputs[0];
  // An input that dies here may be written over, unless it shares its memory with another: the
  // graph's own input is the caller's, a dropout passes on what it is given.
  const bool in_place =
      input != 0 && last_readers_[input] == id && description_.nodes[input].op != Op::kDropout;
  torch::Tensor x = inputs[0];
  switch (node.op) {
    case Op::kConv:
    case Op::kDepthwiseConv:
      return convolve(node, x, layer.inference_weight, layer.inference_bias);
    case Op::kBatchNorm:
      if (layer.is_folded) return x;
      return torch::batch_norm(x, layer.weight, layer.bias, layer.running_mean, layer.running_var,
                               false, 0.0, kBatchNormEpsilon, true);
    case Op::kDropout:
      return x;
    case Op::kRelu:
      return in_place ? x.relu_() : plain_function(node, inputs);
    case Op::kHardSwish:
      return in_place ? torch::hardswish_(x) : plain_function(node, inputs);
    case Op::kMultiply:
      return in_place ? x.mul_(inputs[1]) : plain_function(node, inputs);
    default:
      return plain_function(node, inputs);
  }
}

torch::Tensor NetworkModule::infer(const torch::Tensor& pictures) const {
  if (quantizes_activations_) {
    const torch::NoGradGuard no_grad;
    return observe(pictures, {{static_cast<NodeId>(description_.nodes.size()) - 1}})[0];
  }
  const torch::InferenceMode inference;
  Tensors values(description_.nodes.size());
  values[0] = pictures;
  for (NodeId id = 1; id < static_cast<NodeId>(values.size()); ++id) {
    Tensors inputs;
    for (const NodeId input : description_.nodes[id].inputs) inputs.push_back(values[input]);
    values[id] = infer_node(id, inputs);
    if (layers_[id].tracked_output) values[id] = layers_[id].tracked_output->quantize(values[id]);
    release_dead(id, values);
  }
  return values.back();
}

}  // namespace coco_mcu::training
