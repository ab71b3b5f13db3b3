#include "training/optimizer.h"

#include <algorithm>
#include <cmath>
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
  torch::Tensor squares = torch::zeros({}, torch::kDouble);
  for (const OptimizedParameter& parameter : parameters_) {
    const torch::Tensor& gradient = parameter.value.grad();
    if (gradient.defined()) squares += gradient.square().sum().to(torch::kCPU, torch::kDouble);
  }
  const double norm = std::sqrt(squares.item<double>());
  if (norm <= options_.clip_norm) return;
  for (OptimizedParameter& parameter : parameters_) {
    torch::Tensor& gradient = parameter.value.mutable_grad();
    if (gradient.defined()) gradient.mul_(options_.clip_norm / norm);
  }
}

void Optimizer::adam(std::size_t index, double learning_rate, std::int64_t number) {
  const OptimizedParameter& parameter = parameters_[index];
  torch::Tensor gradient = parameter.value.grad();
  if (parameter.decays && options_.kind == Kind::kAdam) {
    gradient = gradient.add(parameter.value, options_.weight_decay);
  } else if (parameter.decays) {
    parameter.value.mul_(1.0 - learning_rate * options_.weight_decay);
  }
  torch::Tensor& first = first_moments_[index];
  torch::Tensor& second = second_moments_[index];
  first.mul_(options_.beta1).add_(gradient, 1.0 - options_.beta1);
  second.mul_(options_.beta2).addcmul_(gradient, gradient, 1.0 - options_.beta2);
  const auto steps = static_cast<double>(number);
  const double first_correction = 1.0 - std::pow(options_.beta1, steps);
  const double second_correction = 1.0 - std::pow(options_.beta2, steps);
  const torch::Tensor root =
      second.sqrt().div_(std::sqrt(second_correction)).add_(options_.epsilon);
  parameter.value.addcdiv_(first, root, -learning_rate / first_correction);
}

void Optimizer::sgd(std::size_t index, double learning_rate) {
  const OptimizedParameter& parameter = parameters_[index];
  torch::Tensor& velocity = first_moments_[index];
  velocity.mul_(options_.momentum).add_(parameter.value.grad());
  if (parameter.decays) velocity.add_(parameter.value, options_.weight_decay);
  parameter.value.sub_(velocity, learning_rate);
}

void Optimizer::step(double learning_rate, std::int64_t number) {
  const torch::NoGradGuard no_grad;
  if (options_.clip_norm > 0.0) clip_gradients();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].value.grad().defined()) continue;
    const double rate = learning_rate * parameters_[i].rate_factor;
    if (options_.kind == Kind::kSgd) {
      sgd(i, rate);
    } else {
      adam(i, rate, number);
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
