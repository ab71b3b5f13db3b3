#include "network/blocks.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::network {
namespace {

enum class Attention { kSimple, kResidual };

/// A mask between 1 and 2 for every element of a tensor 86x86x16: six bottlenecks down to an eighth
/// of the height and up again. The residual kind adds the way down to the way up. The sigmoid is
/// taken at the coarse size: nearest upsampling repeats values, so the mask is the same.
NodeId attention(Builder& net, std::string_view name, NodeId x, Attention kind) {
  const Builder::Scope scope(net, name);
  const auto bneck = [&](std::string_view part, NodeId in, int stride) {
    return bottleneck(net, part, in,
                      {.kernel = 3,
                       .expand = 32,
                       .filters = 16,
                       .squeeze_excite = true,
                       .stride = stride,
                       .residual = true});
  };
  x = net.max_pool("max_pool1", x, 2, 2);
  const NodeId down1 = bneck("bneck1", x, 2);
  const NodeId down2 = bneck("bneck2", down1, 1);
  x = net.max_pool("max_pool2", down2, 2, 2);
  x = bneck("bneck3", x, 1);
  x = bneck("bneck4", x, 1);
  x = net.upsample("upsample1", x, 2);
  if (kind == Attention::kResidual) x = net.add("add1", x, down2);
  x = bneck("bneck5", x, 1);
  if (kind == Attention::kResidual) x = net.add("add2", x, down1);
  x = bneck("bneck6", x, 1);
  x = net.activation("mask", x, Op::kSigmoidPlusOne);
  x = net.upsample("upsample2", x, 2);
  x = net.crop("crop", x, 1);
  return net.upsample("upsample3", x, 2);
}

}  // namespace

Network coco_mcu() {
  constexpr Op kRelu = Op::kRelu;
  constexpr Op kHSwish = Op::kHardSwish;
  Builder net("coco_mcu");
  const auto bneck = [&net](const char* name, NodeId in, BottleneckOptions options) {
    return bottleneck(net, name, in, options);
  };
  const auto se = true;

  NodeId x = net.input({256, 256, 3});
  x = conv_norm(net, "first_layer", x,
                {.filters = 8, .kernel = 3, .stride = 3, .activation = kHSwish});

  const NodeId att_0 = attention(net, "att_0", x, Attention::kResidual);
  x = bneck("bneck0", x, {3, 16, 16, se, kRelu, 1});
  x = net.multiply("masked_bneck_0", x, att_0);

  const NodeId att_1 = attention(net, "att_1", x, Attention::kSimple);
  x = bneck("bneck1", x, {3, 16, 16, se, kRelu, 1});
  x = net.multiply("masked_bneck_1", x, att_1);

  //           name          k  exp  out  SE   activation s  residual
  x = bneck("bneck2", x, {3, 32, 24, !se, kRelu, 2});
  x = bneck("bneck3", x, {3, 72, 32, !se, kRelu, 2});
  x = bneck("bneck4", x, {5, 256, 128, se, kHSwish, 2});
  x = bneck("bneck5", x, {5, 256, 128, se, kHSwish, 2});
  x = bneck("bneck6", x, {3, 256, 128, se, kHSwish, 1, /*residual=*/true});

  x = conv_norm(net, "last_conv1", x, {.filters = 512, .activation = kHSwish});
  x = net.global_average_pool("last_gap", x);
  {
    const Builder::Scope scope(net, "last_conv2");
    x = net.conv("conv", x, {.filters = 1200, .bias = true});
    x = net.activation("activation", x, kHSwish);
  }
  x = net.dropout("dropout", x, 0.5);
  {
    const Builder::Scope scope(net, "last_conv3");
    x = net.conv("conv", x, {.filters = 2, .bias = true});
  }
  net.softmax("probs", x);
  return net.finish({"no person", "person"});
}

}  // namespace coco_mcu::network
