#include "training/dead_channels.h"

#include <cmath>
#include <map>

#include "training/named_tensors.h"

namespace coco_mcu::training {
namespace {

using network::Op;

/// The tensors of one batch norm and of the convolution it follows.
struct Layer {
  std::string name;
  torch::Tensor kernel;
  torch::Tensor gain;
  torch::Tensor bias;
  torch::Tensor mean;
  torch::Tensor variance;
};

std::vector<Layer> normalized_layers(const NetworkModule& module) {
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, tensor] : tensors_of(module)) tensors[name] = tensor;
  std::vector<Layer> layers;
  for (const network::Node& node : module.description().nodes) {
    if (node.op != Op::kBatchNorm) continue;
    const std::string& conv = module.description().nodes[node.inputs[0]].name;
    layers.push_back({node.name, tensors[conv + ".weight"], tensors[node.name + ".weight"],
                      tensors[node.name + ".bias"], tensors[node.name + ".running_mean"],
                      tensors[node.name + ".running_var"]});
  }
  return layers;
}

torch::Tensor dead(const Layer& layer) {
  return layer.gain.abs() < kDeadGain;
}

void draw(const Layer& layer, const torch::Tensor& is_dead) {
  const torch::Tensor alive = layer.gain.masked_select(is_dead.logical_not());
  const double gain = alive.numel() > 0 ? alive.abs().median().item<double>() : 1.0;
  const auto fan_in = static_cast<double>(layer.kernel[0].numel());
  const torch::Tensor fresh =
      (torch::randn(layer.kernel.sizes()) * std::sqrt(2.0 / fan_in)).to(layer.kernel.device());
  layer.kernel.copy_(torch::where(is_dead.view({-1, 1, 1, 1}), fresh, layer.kernel));
  layer.gain.masked_fill_(is_dead, gain);
  layer.bias.masked_fill_(is_dead, 0.0);
  layer.mean.masked_fill_(is_dead, 0.0);
  layer.variance.masked_fill_(is_dead, 1.0);
}

}  // namespace

std::vector<ChannelCount> count_dead_channels(const NetworkModule& module) {
  std::vector<ChannelCount> counts;
  for (const Layer& layer : normalized_layers(module)) {
    counts.push_back({layer.name, dead(layer).sum().item<std::int64_t>(), layer.gain.numel()});
  }
  return counts;
}

std::vector<ChannelCount> reinitialize_dead_channels(NetworkModule& module) {
  const torch::NoGradGuard no_grad;
  std::vector<ChannelCount> drawn;
  for (const Layer& layer : normalized_layers(module)) {
    const torch::Tensor is_dead = dead(layer);
    const auto count = is_dead.sum().item<std::int64_t>();
    if (count == 0) continue;
    draw(layer, is_dead);
    drawn.push_back({layer.name, count, layer.gain.numel()});
  }
  return drawn;
}

void silence_dead_channels(NetworkModule& module) {
  const torch::NoGradGuard no_grad;
  for (const Layer& layer : normalized_layers(module)) layer.gain.masked_fill_(dead(layer), 0.0);
}

SilentChannels::SilentChannels(const NetworkModule& module) {
  for (const Layer& layer : normalized_layers(module)) gains_.push_back(layer.gain);
}

void SilentChannels::before_step() {
  sounding_.clear();
  for (const torch::Tensor& gain : gains_) sounding_.push_back(gain.detach() != 0.0);
}

void SilentChannels::after_step() {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < gains_.size(); ++i) gains_[i].mul_(sounding_[i]);
}

}  // namespace coco_mcu::training
