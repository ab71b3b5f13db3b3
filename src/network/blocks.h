// The blocks that MobileNetV3-like networks are made of, in terms of the builder's layers.
#pragma once

#include <optional>
#include <string_view>

#include "network/builder.h"

namespace coco_mcu::network {

struct ConvNormOptions {
  int filters = 0;
  int kernel = 1;
  int stride = 1;
  std::optional<Op> activation = std::nullopt;
};

/// Convolution without bias, batch norm, activation.
NodeId conv_norm(Builder& net, std::string_view name, NodeId x, ConvNormOptions options);

/// Squeeze-excite (Hu et al. 2018) as in MobileNetV3: global average, 1x1 to a quarter of the
/// channels, relu, 1x1 back, hard sigmoid, multiply. No biases.
NodeId squeeze_excite(Builder& net, NodeId x);

struct BottleneckOptions {
  int kernel = 3;
  int expand = 0;   // channels inside
  int filters = 0;  // channels of the output
  bool squeeze_excite = false;
  Op activation = Op::kRelu;
  int stride = 1;
  bool residual = false;  // add the input where stride is 1 and the channels match
};

/// Inverted bottleneck (Sandler et al. 2018): expand 1x1, batch norm, activation; depthwise, batch
/// norm, squeeze-excite, activation; project 1x1, batch norm. The squeeze-excite stands between the
/// depthwise batch norm and the activation.
NodeId bottleneck(Builder& net, std::string_view name, NodeId x, BottleneckOptions options);

}  // namespace coco_mcu::network
