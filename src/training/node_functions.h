// What single nodes compute, in libtorch's operations.
#pragma once

#include <vector>

#include "network/network.h"
#include "training/libtorch.h"

namespace coco_mcu::training {

/// A convolution or depthwise convolution with the given weight and bias (may be undefined).
torch::Tensor convolve(const network::Node& node, const torch::Tensor& x,
                       const torch::Tensor& weight, const torch::Tensor& bias);

/// Operations without parameters, the same in training and evaluation.
torch::Tensor plain_function(const network::Node& node, const std::vector<torch::Tensor>& inputs);

}  // namespace coco_mcu::training
