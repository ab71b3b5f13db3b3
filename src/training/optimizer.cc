#include "training/optimizer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace coco_mcu::training {
namespace {

using Kind = OptimizerOptions::Kind;
using network::Op;

/// Whether something behind or in front of a convolution's kernel sets its scale anew.
bool is_rescaled(const NetworkModule& module, network::NodeId id) {
  const network::Network& network = module.description();
  const auto is_norm = [&](network::NodeId reader) {
    return network.nodes[reader].op == Op::kBatchNorm;
  };
  const auto* quantizer = network::find_quantizer(module.quantizers(), network.nodes[id].name,
                                                  network::QuantizedTensor::kWeight);
  const bool has_step =
      quantizer != nullptr && quantizer->kind == network::QuantizerKind::kLearnedStep;
  return has_step || std::ranges::any_of(network.consumers()[id], is_norm);
}

bool is_kernel(const network::Parameter& parameter) {
  return parameter.shape.size() == 4;
}

}  // namespace

std::vector<OptimizedParameter> optimized_parameters(const NetworkModule& module,
                                                     const OptimizerOptions& options) {
  std::vector<OptimizedParameter> optimized;
  const std::vector<network::Parameter> described = network::parameters(module.description());
  for (const auto& each : module.named_parameters()) {
    OptimizedParameter parameter{.name = each.key(), .value = each.value()};
    const auto found = std::ranges::find(described, each.key(), &network::Parameter::name);
    if (found == described.end()) {
      parameter.rate_factor = options.quantizer_rate_factor;
    } else if (is_kernel(*found)) {
      parameter.decays =
          options.weight_decay > 0.0 &&
          (options.decay == OptimizerOptions::Decay::kKernels || !is_rescaled(module, found->node));
    }
    optimized.push_back(std::move(parameter));
  }
  return optimized;
}

Optimizer::Optimizer(const OptimizerOptions& options, std::vector<OptimizedParameter> parameters)
    : options_(options), parameters_(std::move(parameters)) {
  for (const OptimizedParameter& parameter : parameters_) {
    first_moments_.push_back(torch::zeros_like(parameter.value));
    if (options_.kind != Kind::kSgd) {
      second_moments_.push_back(torch::zeros_like(parameter.value));
    }
  }
}

void Optimizer::zero_gradients() {
  for (OptimizedParameter& parameter : parameters_) parameter.value.mutable_grad().reset();
}

void Optimizer::clip_gradients() {
  std::vector<torch::Tensor> squares;
  for (const OptimizedParameter& parameter : parameters_) {
    const torch::Tensor& gradient = parameter.value.grad();
    if (gradient.defined()) squares.push_back(gradient.square().sum().to(torch::kDouble));
  }
  if (squares.empty()) return;
  const double norm = std::sqrt(torch::stack(squares).sum().item<double>());
  if (norm <= options_.clip_norm) return;
  for (OptimizedParameter& parameter : parameters_) {
    torch::Tensor& gradient = parameter.value.mutable_grad();
    if (gradient.defined()) gradient.mul_(options_.clip_norm / norm);
  }
}

void Optimizer::adam(Moved& moved, double learning_rate, std::int64_t number) const {
  const auto steps = static_cast<double>(number);
  const double first_correction = 1.0 - std::pow(options_.beta1, steps);
  const double second_correction = 1.0 - std::pow(options_.beta2, steps);
  at::_foreach_mul_(moved.first, options_.beta1);
  at::_foreach_add_(moved.first, moved.gradients, 1.0 - options_.beta1);
  at::_foreach_mul_(moved.second, options_.beta2);
  at::_foreach_addcmul_(moved.second, moved.gradients, moved.gradients, 1.0 - options_.beta2);
  std::vector<torch::Tensor> roots = at::_foreach_sqrt(moved.second);
  at::_foreach_div_(roots, std::sqrt(second_correction));
  at::_foreach_add_(roots, options_.epsilon);
  at::_foreach_addcdiv_(moved.values, moved.first, roots, -learning_rate / first_correction);
}

void Optimizer::sgd(Moved& moved, double learning_rate) const {
  at::_foreach_mul_(moved.first, options_.momentum);
  at::_foreach_add_(moved.first, moved.gradients);
  at::_foreach_add_(moved.values, moved.first, -learning_rate);
}

torch::Tensor Optimizer::decayed_gradient(OptimizedParameter& parameter, double rate) const {
  const torch::Tensor& gradient = parameter.value.grad();
  if (!parameter.decays) return gradient;
  if (options_.kind != Kind::kAdamW) return gradient.add(parameter.value, options_.weight_decay);
  parameter.value.mul_(1.0 - rate * options_.weight_decay);
  return gradient;
}

void Optimizer::step(double learning_rate, std::int64_t number) {
  const torch::NoGradGuard no_grad;
  if (options_.clip_norm > 0.0) clip_gradients();
  std::map<double, Moved> by_factor;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    OptimizedParameter& parameter = parameters_[i];
    if (!parameter.value.grad().defined()) continue;
    Moved& moved = by_factor[parameter.rate_factor];
    moved.gradients.push_back(decayed_gradient(parameter, learning_rate * parameter.rate_factor));
    moved.values.push_back(parameter.value);
    moved.first.push_back(first_moments_[i]);
    if (!second_moments_.empty()) moved.second.push_back(second_moments_[i]);
  }
  for (auto& [factor, moved] : by_factor) {
    const double rate = learning_rate * factor;
    if (options_.kind == Kind::kSgd) {
      sgd(moved, rate);
    } else {
      adam(moved, rate, number);
    }
  }
}

NamedTensors Optimizer::state() const {
  NamedTensors tensors;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    tensors.emplace_back(parameters_[i].name + "/first", first_moments_[i]);
    if (!second_moments_.empty()) {
      tensors.emplace_back(parameters_[i].name + "/second", second_moments_[i]);
    }
  }
  return tensors;
}

}  // namespace coco_mcu::training
