// The numbers of one layer in a float checkpoint, as lowering reads them.
#pragma once

#include <string_view>
#include <vector>

#include "network/checkpoint_tensor.h"
#include "network/network.h"

namespace coco_mcu::lowering {

/// `part` of a node's parameters ("weight", "bias", "running_mean", ...), the last dimension of
/// PyTorch's order fastest. Throws std::invalid_argument naming the tensor where it is missing.
const std::vector<float>& parameter(const network::Tensors& tensors, const network::Node& node,
                                    std::string_view part);
std::vector<float>& parameter(network::Tensors& tensors, const network::Node& node,
                              std::string_view part);

/// factor * x + addend.
struct Affine {
  double factor = 1.0;
  double addend = 0.0;
};

/// What a batch norm does to each channel once it is trained: factor = weight / sqrt(running_var +
/// epsilon), addend = bias - running_mean * factor (Ioffe & Szegedy 2015).
std::vector<Affine> batch_norm_affine(const network::Tensors& tensors, const network::Node& node);

}  // namespace coco_mcu::lowering
