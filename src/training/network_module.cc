#include "training/network_module.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "dataset/random.h"
#include "training/node_functions.h"

namespace coco_mcu::training {

using network::kBatchNormEpsilon;
using network::Node;
using network::NodeId;
using network::Op;
using network::QuantizedTensor;
using network::Quantizer;
using network::QuantizerKind;

namespace {

constexpr float kSmallestStep = 1e-8F;

bool is_activation(Op op) {
  return op == Op::kRelu || op == Op::kHardSwish || op == Op::kHardSigmoid ||
         op == Op::kSigmoidPlusOne;
}

bool has_kernel(Op op) {
  return op == Op::kConv || op == Op::kDepthwiseConv;
}

}  // namespace

StepQuantizer::StepQuantizer(const torch::Tensor& weight, core::WeightFormat format)
    : format_(format), step_(register_parameter("step", initial_steps(weight.detach(), format))) {}

torch::Tensor StepQuantizer::quantize(const torch::Tensor& weight) const {
  return step_quantize(weight, step_, format_);
}

void StepQuantizer::constrain() {
  const torch::NoGradGuard no_grad;
  step_.clamp_min_(kSmallestStep);
}

NetworkModule::NetworkModule(network::Network description, network::Quantizers quantizers)
    : description_(std::move(description)),
      quantizers_(std::move(quantizers)),
      layers_(description_.nodes.size()),
      readers_(description_.consumers()) {
  register_layers();
  for (const Quantizer& quantizer : quantizers_) register_quantizer(quantizer);
  for (std::size_t id = 0; id < readers_.size(); ++id) {
    last_readers_.push_back(readers_[id].empty() ? static_cast<NodeId>(id)
                                                 : std::ranges::max(readers_[id]));
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

void NetworkModule::register_quantizer(const Quantizer& quantizer) {
  const auto id = description_.find(quantizer.node);
  TORCH_CHECK(id.has_value(), "quantizer ", quantizer_name(quantizer), ": the network ",
              description_.name, " has no such layer");
  Layer& layer = layers_[*id];
  const bool is_weight = quantizer.tensor == QuantizedTensor::kWeight;
  TORCH_CHECK(!is_weight || layer.weight.defined(), "quantizer ", quantizer_name(quantizer),
              ": the layer has no kernel");
  const std::string name = quantizer_name(quantizer);
  const std::string site = name.substr(name.rfind('.') + 1);
  torch::nn::Module& module = submodule(quantizer.node);
  switch (quantizer.kind) {
    case QuantizerKind::kLearnedStep:
      layer.weight_step = module.register_module(
          site, std::make_shared<StepQuantizer>(layer.weight, quantizer.format));
      return;
    case QuantizerKind::kLearnedRange:
    case QuantizerKind::kFixedRange:
      quantizes_activations_ = true;
      layer.output_range = module.register_module(
          site, std::make_shared<RangeQuantizer>(quantizer.kind == QuantizerKind::kLearnedRange));
      return;
    case QuantizerKind::kTrackedRange: {
      const auto tracked = module.register_module(
          site,
          std::make_shared<FakeQuantizer>(TrackingOptions{
              .bits = quantizer.bits,
              .narrow_range = quantizer.narrow_range,
              .tracking = is_weight ? RangeTracking::kLastValue : RangeTracking::kMovingAverage}));
      (is_weight ? layer.tracked_weight : layer.tracked_output) = tracked;
      return;
    }
  }
}

void NetworkModule::set_mode(Mode mode) {
  const bool begins = mode.calibrate && !mode_.calibrate;
  mode_ = std::move(mode);
  for (const Layer& layer : layers_) {
    if (begins && layer.output_range) layer.output_range->begin_calibration();
  }
}

void NetworkModule::constrain() {
  for (const Layer& layer : layers_) {
    if (layer.weight_step) layer.weight_step->constrain();
    if (layer.output_range) layer.output_range->constrain();
  }
}

std::vector<NetworkModule::LearnedStep> NetworkModule::learned_steps() const {
  std::vector<LearnedStep> steps;
  for (const Quantizer& quantizer : quantizers_) {
    if (quantizer.kind != QuantizerKind::kLearnedStep) continue;
    const Layer& layer = layers_[*description_.find(quantizer.node)];
    steps.push_back(
        {quantizer_name(quantizer), layer.weight, layer.weight_step->step(), quantizer.format});
  }
  return steps;
}

void NetworkModule::watch_saturation(bool on) {
  watches_saturation_ = on;
  saturation_.clear();
}

torch::Tensor NetworkModule::quantized_weight(const Layer& layer) const {
  if (layer.tracked_weight) {
    if (is_training()) layer.tracked_weight->track(layer.weight);
    return mode_.quantize ? layer.tracked_weight->quantize(layer.weight) : layer.weight;
  }
  const bool quantizes = layer.weight_step && mode_.quantize;
  return quantizes ? layer.weight_step->quantize(layer.weight) : layer.weight;
}

torch::Tensor NetworkModule::convolution(NodeId id, const torch::Tensor& x, bool quantize) const {
  const Layer& layer = layers_[id];
  return convolve(description_.nodes[id], x, quantize ? quantized_weight(layer) : layer.weight,
                  layer.bias);
}

torch::Tensor NetworkModule::drop_out(NodeId id, const torch::Tensor& x) const {
  const double rate = description_.nodes[id].drop_rate;
  if (!is_training() || rate <= 0.0) return x;
  const auto pictures = x.size(0);
  const auto elements = x.numel() / pictures;
  torch::Tensor kept = torch::empty({pictures, elements});
  auto* factor = kept.data_ptr<float>();
  const auto scale = static_cast<float>(1.0 / (1.0 - rate));
  for (std::int64_t picture = 0; picture < pictures; ++picture) {
    dataset::Random random({mode_.dropout_key, static_cast<std::uint64_t>(id),
                            static_cast<std::uint64_t>(mode_.first_picture + picture)});
    for (std::int64_t i = 0; i < elements; ++i) *factor++ = random.chance(rate) ? 0.0F : scale;
  }
  return x * kept.to(x.device()).view(x.sizes());
}

BatchNorm NetworkModule::batch_norm_of(const Layer& layer) const {
  return {.weight = layer.weight,
          .bias = layer.bias,
          .running_mean = layer.running_mean,
          .running_var = layer.running_var,
          .use_batch_statistics = is_training() && mode_.use_batch_statistics,
          .momentum = mode_.batch_norm_momentum,
          .epsilon = kBatchNormEpsilon,
          .sum = mode_.sum};
}

torch::Tensor NetworkModule::compute(NodeId id, const Tensors& inputs, bool quantize) const {
  const Node& node = description_.nodes[id];
  if (has_kernel(node.op)) return convolution(id, inputs[0], quantize);
  if (node.op == Op::kBatchNorm) {
    return batch_norm_chain(inputs[0], batch_norm_of(layers_[id]), {});
  }
  if (node.op == Op::kDropout) return drop_out(id, inputs[0]);
  return plain_function(node, inputs);
}

torch::Tensor NetworkModule::quantize_output(NodeId id, const torch::Tensor& x) const {
  const Layer& layer = layers_[id];
  if (layer.tracked_output) {
    if (is_training()) layer.tracked_output->track(x, mode_.largest);
    return mode_.quantize ? layer.tracked_output->quantize(x) : x;
  }
  if (!layer.output_range || !mode_.quantize) return x;
  if (mode_.calibrate) {
    layer.output_range->calibrate(x, mode_.largest);
    return x;
  }
  if (watches_saturation_) {
    saturation_[description_.nodes[id].name] = layer.output_range->share_outside(x);
  }
  return apply_chain(x, {.before = layer.output_range->quantizer()});
}

void NetworkModule::read_ranges() const {
  std::vector<RangeQuantizer*> ranges;
  Tensors scalars;
  for (const Layer& layer : layers_) {
    if (!layer.output_range) continue;
    ranges.push_back(layer.output_range.get());
    scalars.push_back(ranges.back()->scalars());
  }
  if (ranges.empty() || scalars.front().device().is_cpu()) return;
  const torch::NoGradGuard no_grad;
  const torch::Tensor values = torch::stack(scalars).to(torch::kCPU, torch::kFloat);
  const auto* value = values.data_ptr<float>();
  for (RangeQuantizer* range : ranges) {
    range->set_known(value[0], value[1]);
    value += 2;
  }
}

NodeId NetworkModule::end_of_chain(NodeId id) const {
  const bool is_candidate = readers_[id].size() == 1 && !layers_[id].tracked_output &&
                            !is_activation(description_.nodes[id].op);
  if (!is_candidate) return id;
  const NodeId reader = readers_[id][0];
  const bool is_fused =
      is_activation(description_.nodes[reader].op) && !layers_[reader].tracked_output;
  return is_fused ? reader : id;
}

Chain NetworkModule::chain_of(NodeId head, NodeId end) const {
  const auto quantizer = [&](NodeId id) {
    const auto& range = layers_[id].output_range;
    return range && mode_.quantize ? range->quantizer() : ChainQuantizer{};
  };
  if (head == end) return {.before = quantizer(head)};
  return {
      .before = quantizer(head), .activation = description_.nodes[end].op, .after = quantizer(end)};
}

torch::Tensor NetworkModule::compute_chain(NodeId head, NodeId end, const Tensors& inputs) const {
  const Node& node = description_.nodes[head];
  const Chain chain = chain_of(head, end);
  if (node.op == Op::kBatchNorm) {
    return batch_norm_chain(inputs[0], batch_norm_of(layers_[head]), chain);
  }
  if (node.op == Op::kMultiply) return multiply_chain(inputs[0], inputs[1], chain);
  if (is_activation(node.op)) {
    return apply_chain(inputs[0], {.activation = node.op, .after = chain.before});
  }
  const torch::Tensor value = compute(head, inputs, /*quantize=*/true);
  const bool is_plain = head == end && !chain.before.is_active();
  return is_plain ? value : apply_chain(value, chain);
}

void NetworkModule::release_dead(NodeId id, Tensors& values) const {
  for (const NodeId input : description_.nodes[id].inputs) {
    if (last_readers_[input] == id) values[input].reset();
  }
}

torch::Tensor NetworkModule::forward(const torch::Tensor& pictures) const {
  const auto last = static_cast<NodeId>(description_.nodes.size()) - 1;
  return observe(pictures, {{last}})[0];
}

torch::Tensor NetworkModule::logits(const torch::Tensor& pictures) const {
  const Node& softmax = description_.output();
  TORCH_CHECK(softmax.op == Op::kSoftmax, "network ", description_.name,
              " does not end in a softmax");
  return observe(pictures, {{softmax.inputs[0]}})[0].flatten(1);
}

std::vector<torch::Tensor> NetworkModule::observe(const torch::Tensor& pictures,
                                                  const std::vector<Observation>& wanted) const {
  Tensors values(description_.nodes.size());
  std::vector<torch::Tensor> seen(wanted.size());
  read_ranges();
  const auto is_wanted = [&](NodeId id) {
    return std::ranges::any_of(wanted, [&](const Observation& each) { return each.node == id; });
  };
  const auto record = [&](NodeId id, bool before_quantizer, const torch::Tensor& value) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const bool matches = wanted[i].node == id && wanted[i].before_quantizer == before_quantizer;
      if (matches) seen[i] = value.to(torch::kFloat);
    }
  };
  const auto step_by_step = [&](NodeId id, const Tensors& inputs) {
    const torch::Tensor value =
        id == 0 ? pictures.to(type_) : compute(id, inputs, /*quantize=*/true);
    record(id, true, value);
    return quantize_output(id, value);
  };
  for (NodeId id = 0; id < static_cast<NodeId>(values.size()); ++id) {
    if (values[id].defined()) continue;  // came with the chain's head
    Tensors inputs;
    for (const NodeId input : description_.nodes[id].inputs) inputs.push_back(values[input]);
    const bool can_fuse = id != 0 && fuses() && !is_wanted(id) && !layers_[id].tracked_output;
    NodeId end = can_fuse ? end_of_chain(id) : id;
    if (end != id && is_wanted(end)) end = id;
    values[end] = can_fuse ? compute_chain(id, end, inputs) : step_by_step(id, inputs);
    record(end, false, values[end]);
    release_dead(id, values);
    release_dead(end, values);
  }
  return seen;
}

torch::Tensor NetworkModule::float_tail(const torch::Tensor& output_of_from, NodeId from,
                                        NodeId to) const {
  Tensors values(description_.nodes.size());
  values[from] = output_of_from.to(type_);
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

torch::Tensor normalize(const torch::Tensor& bytes, const float (&mean)[3],
                        const float (&deviation)[3]) {
  const auto full_scale = [&](const float(&values)[3]) {
    return (torch::tensor({values[0], values[1], values[2]}) * 255.0F).to(bytes.device());
  };
  const torch::Tensor full_scale_mean = full_scale(mean);
  const torch::Tensor full_scale_deviation = full_scale(deviation);
  const torch::Tensor pixels = bytes.to(torch::kFloat);
  return ((pixels - full_scale_mean) / full_scale_deviation).permute({0, 3, 1, 2});
}

}  // namespace coco_mcu::training
