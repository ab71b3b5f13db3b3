#include "network/blocks.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::network {

Network person() {
  constexpr Op kRelu = Op::kRelu;
  constexpr Op kHSwish = Op::kHardSwish;
  Builder net("person");
  const auto bneck = [&net](const char* name, NodeId in, BottleneckOptions options) {
    return bottleneck(net, name, in, options);
  };
  const auto se = true;
  const auto add = true;

  NodeId x = net.input({256, 256, 3});
  x = conv_norm(net, "first_layer", x,
                {.filters = 8, .kernel = 3, .stride = 3, .activation = kHSwish});

  // No squeeze-excite at full height: its average would have the picture computed twice or held.
  //           name          k  exp  out  SE   activation s  residual
  x = bneck("bneck0", x, {3, 16, 16, !se, kRelu, 1});
  x = bneck("bneck1", x, {3, 16, 16, !se, kRelu, 1});
  x = bneck("bneck2", x, {3, 48, 32, !se, kRelu, 2});
  x = bneck("bneck3", x, {3, 128, 48, !se, kRelu, 2});
  x = bneck("bneck4", x, {5, 256, 128, se, kHSwish, 2});
  x = bneck("bneck5", x, {5, 256, 128, se, kHSwish, 2});
  x = bneck("bneck6", x, {3, 256, 128, se, kHSwish, 1, add});
  x = bneck("bneck7", x, {3, 256, 128, se, kHSwish, 1, add});
  x = bneck("bneck8", x, {3, 256, 128, se, kHSwish, 1, add});

  x = conv_norm(net, "last_conv1", x, {.filters = 512, .activation = kHSwish});
  x = net.global_average_pool("last_gap", x);
  {
    const Builder::Scope scope(net, "head");
    x = net.conv("conv", x, {.filters = 256, .bias = true});
    x = net.activation("activation", x, kHSwish);
  }
  {
    const Builder::Scope scope(net, "decision");
    x = net.conv("conv", x, {.filters = 2, .bias = true});
  }
  net.softmax("probs", x);
  return net.finish({"no person", "person"});
}

}  // namespace coco_mcu::network
