#include "training/network_module.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace coco_mcu::training {

using network::kBatchNormEpsilon;
using network::Node;
using network::NodeId;
using network::Op;

namespace {

torch::Tensor convolve(const Node& node, const torch::Tensor& x, const torch::Tensor& weight,
                       const torch::Tensor& bias) {
  const std::int64_t groups = node.op == Op::kDepthwiseConv ? x.size(1) : 1;
  return torch::conv2d(x, weight, bias, node.stride, node.padding, 1, groups);
}

/// Operations without parameters, the same in training and evaluation.
torch::Tensor plain_function(const Node& node, const std::vector<torch::Tensor>& inputs) {
  const torch::Tensor& x = inputs[0];
  const int factor = node.factor;
  switch (node.op) {
    case Op::kRelu:
      return torch::relu(x);
    case Op::kHardSwish:
      return torch::hardswish(x);
    case Op::kHardSigmoid:
      return torch::hardsigmoid(x);
    case Op::kSigmoidPlusOne:
      return torch::sigmoid(x) + 1.0;
    case Op::kMaxPool:
      return torch::max_pool2d(x, node.kernel, node.stride);
    case Op::kGlobalAveragePool:
      return torch::adaptive_avg_pool2d(x, {1, 1});
    case Op::kUpsample:
      return torch::upsample_nearest2d(x, {x.size(2) * factor, x.size(3) * factor});
    case Op::kCrop:
      return x.slice(2, node.offset).slice(3, node.offset);
    case Op::kAdd:
      return x + inputs[1];
    case Op::kMultiply:
      return x * inputs[1];
    case Op::kSoftmax:
      return torch::softmax(x, 1);
    default:
      TORCH_CHECK(false, "layer ", node.name, " (", op_name(node.op), ") is not a plain function");
  }
}

}  // namespace

NetworkModule::NetworkModule(network::Network description, const network::Quantizers& quantizers)
    : description_(std::move(description)), layers_(description_.nodes.size()) {
  register_layers();
  register_quantizers(quantizers);
  const auto readers = description_.consumers();
  for (std::size_t id = 0; id < readers.size(); ++id) {
    last_readers_.push_back(readers[id].empty() ? static_cast<NodeId>(id)
                                                : std::ranges::max(readers[id]));
  }
}

torch::nn::Module& NetworkModule::submodule(const std::string& dotted_name) {
  torch::nn::Module* module = this;
  for (std::size_t begin = 0; begin < dotted_name.size();) {
    const std::size_t end = std::min(dotted_name.find('.', begin), dotted_name.size());
    const std::string name = dotted_name.substr(begin, end - begin);
    const auto children = module->named_children();
    const auto* known = children.find(name);
    module = known != nullptr
                 ? known->get()
                 : module->register_module(name, std::make_shared<torch::nn::Module>()).get();
    begin = end + 1;
  }
  return *module;
}

void NetworkModule::register_layers() {
  for (const network::Parameter& parameter : network::parameters(description_)) {
    const Node& node = description_.nodes[parameter.node];
    const std::string part = parameter.name.substr(node.name.size() + 1);
    Layer& layer = layers_[parameter.node];
    const bool is_conv_weight = parameter.shape.size() == 4;
    torch::Tensor values = torch::zeros(parameter.shape);
    if (is_conv_weight) {
      const auto fan_in = static_cast<double>(values[0].numel());
      values = torch::randn(parameter.shape).mul_(std::sqrt(2.0 / fan_in));
      values = values.contiguous(torch::MemoryFormat::ChannelsLast);
    } else if (part == "running_var" || part == "weight") {
      values.fill_(1.0);
    }
    torch::nn::Module& module = submodule(node.name);
    const torch::Tensor tensor = parameter.trainable ? module.register_parameter(part, values)
                                                     : module.register_buffer(part, values);
    if (part == "weight") layer.weight = tensor;
    if (part == "bias") layer.bias = tensor;
    if (part == "running_mean") layer.running_mean = tensor;
    if (part == "running_var") layer.running_var = tensor;
  }
}

void NetworkModule::register_quantizers(const network::Quantizers& quantizers) {
  for (const network::Quantizer& each : quantizers) {
    TORCH_CHECK(each.kind == network::QuantizerKind::kTrackedRange, "quantizer of ", each.node,
                ": only tracked ranges are trained");
    const NodeId id = description_.find(each.node).value();
    const std::string name = quantizer_name(each);
    const bool is_weight = each.tensor == network::QuantizedTensor::kWeight;
    const QuantizerOptions options = {
        .bits = each.bits,
        .narrow_range = each.narrow_range,
        .tracking = is_weight ? RangeTracking::kLastValue : RangeTracking::kMovingAverage};
    auto quantizer = submodule(each.node).register_module(name.substr(name.rfind('.') + 1),
                                                          std::make_shared<FakeQuantizer>(options));
    Layer& layer = layers_[id];
    (is_weight ? layer.weight_quantizer : layer.output_quantizer) = std::move(quantizer);
  }
}

torch::Tensor NetworkModule::compute(NodeId id, const Tensors& inputs, bool quantize) {
  const Node& node = description_.nodes[id];
  const Layer& layer = layers_[id];
  switch (node.op) {
    case Op::kConv:
    case Op::kDepthwiseConv: {
      const bool quantize_weight = quantize && layer.weight_quantizer;
      const torch::Tensor weight =
          quantize_weight ? layer.weight_quantizer->forward(layer.weight) : layer.weight;
      return convolve(node, inputs[0], weight, layer.bias);
    }
    case Op::kBatchNorm:
      return torch::batch_norm(inputs[0], layer.weight, layer.bias, layer.running_mean,
                               layer.running_var, is_training(), 1.0 - network::kBatchNormMomentum,
                               kBatchNormEpsilon, /*cudnn_enabled=*/true);
    case Op::kDropout:
      return torch::dropout(inputs[0], node.drop_rate, is_training());
    default:
      return plain_function(node, inputs);
  }
}

void NetworkModule::release_dead(NodeId id, Tensors& values) const {
  for (const NodeId input : description_.nodes[id].inputs) {
    if (last_readers_[input] == id) values[input].reset();
  }
}

torch::Tensor NetworkModule::forward(const torch::Tensor& pictures) {
  const auto last = static_cast<NodeId>(description_.nodes.size()) - 1;
  return observe(pictures, {{last}})[0];
}

std::vector<torch::Tensor> NetworkModule::observe(const torch::Tensor& pictures,
                                                  const std::vector<Observation>& wanted) {
  Tensors values(description_.nodes.size());
  std::vector<torch::Tensor> seen(wanted.size());
  const auto record = [&](NodeId id, bool before_quantizer, const torch::Tensor& value) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const bool is_wanted = wanted[i].node == id && wanted[i].before_quantizer == before_quantizer;
      if (is_wanted) seen[i] = value;
    }
  };
  values[0] = pictures;
  record(0, false, pictures);
  for (NodeId id = 1; id < static_cast<NodeId>(values.size()); ++id) {
    Tensors inputs;
    for (const NodeId input : description_.nodes[id].inputs) inputs.push_back(values[input]);
    torch::Tensor value = compute(id, inputs, /*quantize=*/true);
    record(id, true, value);
    if (layers_[id].output_quantizer) value = layers_[id].output_quantizer->forward(value);
    record(id, false, value);
    values[id] = value;
    release_dead(id, values);
  }
  return seen;
}

torch::Tensor NetworkModule::float_tail(const torch::Tensor& output_of_from, NodeId from,
                                        NodeId to) {
  Tensors values(description_.nodes.size());
  values[from] = output_of_from;
  for (NodeId id = from + 1; id <= to; ++id) {
    Tensors inputs;
    for (const NodeId input : description_.nodes[id].inputs) {
      TORCH_CHECK(values[input].defined(), "layer ", description_.nodes[id].name,
                  " reads what was computed before ", description_.nodes[from].name);
      inputs.push_back(values[input]);
    }
    values[id] = compute(id, inputs, /*quantize=*/false);
  }
  return values[to];
}

void NetworkModule::prepare_inference() {
  const torch::NoGradGuard no_grad;
  const auto readers = description_.consumers();
  for (std::size_t id = 0; id < layers_.size(); ++id) {
    const Op op = description_.nodes[id].op;
    if (op != Op::kConv && op != Op::kDepthwiseConv) continue;
    Layer& conv = layers_[id];
    conv.inference_weight =
        conv.weight_quantizer ? conv.weight_quantizer->forward(conv.weight) : conv.weight;
    conv.inference_bias = conv.bias;
    const NodeId reader = readers[id][0];
    const bool foldable = description_.nodes[reader].op == Op::kBatchNorm &&
                          readers[id].size() == 1 && !conv.output_quantizer;
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
  const torch::InferenceMode inference;
  Tensors values(description_.nodes.size());
  values[0] = pictures;
  for (NodeId id = 1; id < static_cast<NodeId>(values.size()); ++id) {
    Tensors inputs;
    for (const NodeId input : description_.nodes[id].inputs) inputs.push_back(values[input]);
    values[id] = infer_node(id, inputs);
    if (layers_[id].output_quantizer)
      values[id] = layers_[id].output_quantizer->forward(values[id]);
    release_dead(id, values);
  }
  return values.back();
}

torch::Tensor normalize(const torch::Tensor& bytes, const float (&mean)[3],
                        const float (&deviation)[3]) {
  const torch::Tensor full_scale_mean = torch::tensor({mean[0], mean[1], mean[2]}) * 255.0F;
  const torch::Tensor full_scale_deviation =
      torch::tensor({deviation[0], deviation[1], deviation[2]}) * 255.0F;
  const torch::Tensor pixels = bytes.to(torch::kFloat);
  return ((pixels - full_scale_mean) / full_scale_deviation).permute({0, 3, 1, 2});
}

}  // namespace coco_mcu::training
