#include "network/blocks.h"

namespace coco_mcu::network {

NodeId conv_norm(Builder& net, std::string_view name, NodeId x, ConvNormOptions options) {
  const Builder::Scope scope(net, name);
  x = net.conv("conv", x,
               {.filters = options.filters, .kernel = options.kernel, .stride = options.stride});
  x = net.batch_norm("batch_norm", x);
  if (options.activation) x = net.activation("activation", x, *options.activation);
  return x;
}

NodeId squeeze_excite(Builder& net, NodeId x) {
  const Builder::Scope scope(net, "squeeze_excite");
  const int channels = net.shape(x).channels;
  NodeId gate = net.global_average_pool("pool", x);
  gate = net.conv("squeeze", gate, {.filters = channels / 4});
  gate = net.activation("relu", gate, Op::kRelu);
  gate = net.conv("excite", gate, {.filters = channels});
  gate = net.activation("gate", gate, Op::kHardSigmoid);
  return net.multiply("scale", x, gate);
}

NodeId bottleneck(Builder& net, std::string_view name, NodeId x, BottleneckOptions options) {
  const Builder::Scope scope(net, name);
  const NodeId block_input = x;
  x = conv_norm(net, "expand", x, {.filters = options.expand, .activation = options.activation});
  {
    const Builder::Scope depthwise(net, "depthwise");
    x = net.depthwise_conv("conv", x, options.kernel, options.stride);
    x = net.batch_norm("batch_norm", x);
    if (options.squeeze_excite) x = squeeze_excite(net, x);
    x = net.activation("activation", x, options.activation);
  }
  x = conv_norm(net, "project", x, {.filters = options.filters});
  const bool same_shape = net.shape(x) == net.shape(block_input);
  if (options.residual && options.stride == 1 && same_shape) x = net.add("add", x, block_input);
  return x;
}

}  // namespace coco_mcu::network
