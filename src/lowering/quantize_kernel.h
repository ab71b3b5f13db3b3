// The kernel of a convolution in the order of the integer model: a row for each output channel,
// with kernel rows, kernel columns and input channels in it, innermost last.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/weight_format.h"
#include "lowering/fusion.h"
#include "network/checkpoint_tensor.h"
#include "network/network.h"

namespace coco_mcu::lowering {

struct Kernel {
  std::size_t row_size = 0;
  std::vector<float> weights;  // row after row

  std::size_t rows() const { return weights.size() / row_size; }
  std::span<float> row(std::size_t channel) {
    return std::span(weights).subspan(channel * row_size, row_size);
  }
};

/// Throws std::invalid_argument naming the layer where a weight is missing or not finite.
Kernel kernel_of(const network::Tensors& tensors, const network::Node& node);

/// The kernel as the integer model has it: multipliers are positive, so where the batch norm behind
/// has a negative factor the channel's weights take the sign.
Kernel signed_kernel_of(const network::Tensors& tensors, const network::Network& network,
                        const FusedOperator& layer);

/// The tensors with one layer's weights replaced by the values that their quantized form stands
/// for.
network::Tensors with_quantized_kernel(const network::Tensors& tensors, const network::Node& node,
                                       core::WeightFormat format);

}  // namespace coco_mcu::lowering
