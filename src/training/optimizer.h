// What moves the parameters: Adam (Kingma & Ba 2015), AdamW (Loshchilov & Hutter 2019) and SGD with
// momentum, small enough that their whole state is a list of named tensors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "training/named_tensors.h"
#include "training/recipe.h"

namespace coco_mcu::training {

struct OptimizedParameter {
  std::string name;
  torch::Tensor value;
  double rate_factor = 1.0;  // of the learning rate
  bool decays = false;
};

/// A module's parameters. Decay pulls at kernels alone, never at batch norm, biases, steps and
/// ranges; under Decay::kUnscaled not at those either that batch norm or a learned step rescales.
std::vector<OptimizedParameter> optimized_parameters(const NetworkModule& module,
                                                     const OptimizerOptions& options);

class Optimizer {
 public:
  Optimizer(const OptimizerOptions& options, std::vector<OptimizedParameter> parameters);

  /// Moves the parameters by their gradients, which it clips first; `number` counts the steps
  /// from 1. A parameter without a gradient stays.
  void step(double learning_rate, std::int64_t number);

  void zero_gradients();
  const std::vector<OptimizedParameter>& parameters() const { return parameters_; }
  /// The moments.
  NamedTensors state() const;

 private:
  /// Tensors of parameters with one rate, as lists: a GPU takes a whole list at a time.
  struct Moved {
    std::vector<torch::Tensor> values;
    std::vector<torch::Tensor> gradients;
    std::vector<torch::Tensor> first;
    std::vector<torch::Tensor> second;
  };

  void clip_gradients();
  /// The gradient with what decay adds to it; AdamW's decay shrinks the value instead.
  torch::Tensor decayed_gradient(OptimizedParameter& parameter, double rate) const;
  void adam(Moved& moved, double learning_rate, std::int64_t number) const;
  void sgd(Moved& moved, double learning_rate) const;

  OptimizerOptions options_;
  std::vector<OptimizedParameter> parameters_;
  std::vector<torch::Tensor> first_moments_;
  std::vector<torch::Tensor> second_moments_;
};

}  // namespace coco_mcu::training
