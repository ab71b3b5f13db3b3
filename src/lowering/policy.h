// How many bits the weights of each layer get.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/weight_format.h"
#include "lowering/fusion.h"
#include "network/checkpoint_tensor.h"
#include "network/network.h"

namespace coco_mcu::lowering {

/// By the name of the operator.
using WeightFormats = std::map<std::string, core::WeightFormat, std::less<>>;

/// The weights of one operator.
struct WeightLayer {
  std::string name;
  network::NodeId node = 0;
  bool is_depthwise = false;
  std::int64_t rows = 0;  // output channels
  std::int64_t row_size = 0;

  std::int64_t weights() const { return rows * row_size; }
  /// Packed, each row filled up to whole bytes.
  std::int64_t bytes(core::WeightFormat format) const;
};

/// Convolutions and depthwise convolutions in the order of execution.
std::vector<WeightLayer> weight_layers(const network::Network& network,
                                       const FusedNetwork& operators);

/// Formats by a policy's name:
///   w8, w4, w2, w2-ternary  that one everywhere
///   mixed    8 bits for the first and the last layer, depthwise layers and those that hold less
///            than a hundredth of all weights; 4 bits for the others
///   trained  the narrowest format that holds a layer's weights exactly, where training has put
///            them onto a grid; 8 bits elsewhere. A layer of 4 bits whose batch norm turns the sign
///            of a -8 gets 8 bits: there is no 8
/// and behind it, after commas, layers that get another: "mixed,bneck3.expand=w8". Whatever the
/// policy, weights that stand exactly on a narrower grid stay there: that costs nothing. `tensors`
/// hold the weights as they are computed with, see effective_weights. Throws std::invalid_argument
/// for a policy, a layer or a format that there is not.
WeightFormats choose_formats(std::string_view policy, const network::Network& network,
                             const FusedNetwork& operators, const network::Tensors& tensors);

/// Whether any layer's weights are rounded, so that bias correction needs the means of its input.
bool needs_means(const network::Network& network, const FusedNetwork& operators,
                 const network::Tensors& tensors, const WeightFormats& formats);

}  // namespace coco_mcu::lowering
