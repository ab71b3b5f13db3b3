#include "network/blocks.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::network {

Network tiny() {
  constexpr Op kRelu = Op::kRelu;
  constexpr Op kHSwish = Op::kHardSwish;
  Builder net("tiny");
  const auto se = true;

  NodeId x = net.input({64, 64, 3});
  x = conv_norm(net, "first_layer", x,
                {.filters = 8, .kernel = 3, .stride = 2, .activation = kHSwish});
  x = bottleneck(net, "bneck0", x, {3, 16, 16, !se, kRelu, 2});
  x = bottleneck(net, "bneck1", x, {3, 32, 24, se, kHSwish, 2});
  x = bottleneck(net, "bneck2", x, {3, 48, 24, se, kHSwish, 1, /*residual=*/true});
  x = conv_norm(net, "last_conv1", x, {.filters = 64, .activation = kHSwish});
  x = net.global_average_pool("last_gap", x);
  x = net.dropout("dropout", x, 0.1);
  {
    const Builder::Scope scope(net, "last_conv2");
    x = net.conv("conv", x, {.filters = 2, .bias = true});
  }
  net.softmax("probs", x);
  return net.finish({"no person", "person"});
}

}  // namespace coco_mcu::network
