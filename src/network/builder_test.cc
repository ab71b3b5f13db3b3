#include "network/builder.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/blocks.h"

namespace coco_mcu::network {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Builder, InfersConvolutionShapes) {
  Builder net("shapes");
  const NodeId x = net.input({256, 255, 3});
  EXPECT_EQ(net.shape(net.conv("stride3", x, {.filters = 8, .kernel = 3, .stride = 3})),
            (Shape{86, 85, 8}));
  EXPECT_EQ(net.shape(net.conv("same", x, {.filters = 2, .kernel = 5})), (Shape{256, 255, 2}));
  EXPECT_EQ(net.shape(net.depthwise_conv("half", x, 3, 2)), (Shape{128, 128, 3}));
}

TEST(Builder, InfersTheShapesOfTheOtherLayers) {
  Builder net("shapes");
  const NodeId x = net.input({43, 44, 6});
  EXPECT_EQ(net.shape(net.max_pool("pool", x, 2, 2)), (Shape{21, 22, 6}));
  EXPECT_EQ(net.shape(net.upsample("up", x, 2)), (Shape{86, 88, 6}));
  EXPECT_EQ(net.shape(net.crop("crop", x, 1)), (Shape{42, 43, 6}));
  EXPECT_EQ(net.shape(net.concatenate("joined", {x, x, x})), (Shape{43, 44, 18}));
  const NodeId mean = net.global_average_pool("mean", x);
  EXPECT_EQ(net.shape(mean), (Shape{1, 1, 6}));
  EXPECT_EQ(net.shape(net.multiply("scale", x, mean)), (Shape{43, 44, 6}));
}

TEST(Builder, RefusesLayersThatDoNotFit) {
  Builder net("misfits");
  const NodeId x = net.input({8, 8, 4});
  const NodeId small = net.max_pool("small", x, 2, 2);
  EXPECT_THAT([&] { net.add("sum", x, small); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("sum (add): shapes 8x8x4 and 4x4x4")));
  EXPECT_THAT([&] { net.multiply("scale", x, small); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("8x8x4 cannot be scaled by 4x4x4")));
  EXPECT_THAT(
      [&] {
        net.concatenate("joined", {x, small});
      },
      ThrowsMessage<std::invalid_argument>(
          HasSubstr("joined (concatenate): shapes 8x8x4 and 4x4x4 differ in height")));
  EXPECT_THAT([&] { net.max_pool("huge", x, 9, 1); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("huge (max_pool): nothing is left")));
  EXPECT_THAT([&] { net.finish({"one"}); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("1 labels for an output of 4")));
}

TEST(Builder, ScopesNameLayersAndBlocks) {
  Builder net("names");
  NodeId x = net.input({8, 8, 4});
  x = bottleneck(net, "bneck", x, {.expand = 8, .filters = 4, .residual = true});
  net.softmax("probs", x);
  const Network network = net.finish({"a", "b", "c", "d"});
  ASSERT_EQ(network.blocks.size(), 2U);
  EXPECT_EQ(network.blocks[0].name, "bneck");
  EXPECT_EQ(network.nodes[network.blocks[0].first].name, "bneck.expand.conv");
  EXPECT_EQ(network.nodes[*network.find("bneck")].name, "bneck.add");
  EXPECT_EQ(network.nodes[*network.find("bneck.depthwise.conv")].op, Op::kDepthwiseConv);
  EXPECT_EQ(network.blocks[1].first, network.blocks[1].last);
  EXPECT_FALSE(network.find("nothing").has_value());
}

TEST(Builder, ResidualOnlyWhereTheShapesMatch) {
  Builder net("residuals");
  NodeId x = net.input({8, 8, 4});
  x = bottleneck(net, "strided", x, {.expand = 8, .filters = 4, .stride = 2, .residual = true});
  bottleneck(net, "wider", x, {.expand = 8, .filters = 6, .residual = true});
  const Network network = net.finish(std::vector<std::string>(6, "label"));
  EXPECT_FALSE(network.find("strided.add").has_value());
  EXPECT_FALSE(network.find("wider.add").has_value());
}

TEST(Builder, SqueezeExciteStandsBeforeTheActivation) {
  Builder net("order");
  const NodeId x = net.input({8, 8, 4});
  bottleneck(net, "bneck", x, {.expand = 8, .filters = 4, .squeeze_excite = true});
  const Network network = net.finish({"a", "b", "c", "d"});
  const Node& activation = network.nodes[*network.find("bneck.depthwise.activation")];
  EXPECT_EQ(network.nodes[activation.inputs[0]].name, "bneck.depthwise.squeeze_excite.scale");
}

}  // namespace
}  // namespace coco_mcu::network
