#include "lowering/intervals.h"

#include <limits>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/blocks.h"
#include "network/builder.h"
#include "tests/support/network_evaluator.h"
#include "tests/support/trained_ranges.h"

namespace coco_mcu::lowering {
namespace {

using network::Builder;
using network::Network;
using network::NodeId;
using network::Op;
using ::testing::DoubleNear;

const core::Preprocessing kPreprocessing = {.height = 8,
                                            .width = 8,
                                            .resize = core::Resize::kBilinear,
                                            .mean = {0.5F, 0.5F, 0.5F},
                                            .deviation = {0.25F, 0.25F, 0.25F}};

void expect_near(const Interval& interval, double low, double high) {
  EXPECT_LE(interval.low, low);
  EXPECT_GE(interval.high, high);
  EXPECT_THAT(interval.low, DoubleNear(low, 1e-5));
  EXPECT_THAT(interval.high, DoubleNear(high, 1e-5));
}

/// A network of an input of 8x8x3 and what `layers` puts behind it.
template <typename Layers>
Network network_of(Layers layers) {
  Builder net("test");
  const NodeId last = layers(net, net.input({8, 8, 3}));
  return net.finish(std::vector<std::string>(net.shape(last).channels, "label"));
}

Intervals intervals_of(const Network& network, const network::Tensors& tensors,
                       const TrainedQuantizers& quantizers = {}) {
  return channel_intervals(network, tensors, quantizers, kPreprocessing);
}

TEST(Interval, IsConstantWhereFloat32CannotTellItsNumbersApart) {
  const double ulp = std::numeric_limits<float>::epsilon();
  EXPECT_TRUE(is_constant({0.0, 0.0}));
  EXPECT_TRUE(is_constant({5.0, 5.0}));
  EXPECT_TRUE(is_constant({1.0, 1.0 + ulp}));
  EXPECT_TRUE(is_constant({-1.0 - ulp, -1.0}));
  EXPECT_FALSE(is_constant({1.0, 1.0 + 1.01 * ulp}));
  EXPECT_FALSE(is_constant({-1e-30, 1e-30}));
  EXPECT_FALSE(is_constant({0.0, 1e-30}));
}

TEST(ChannelIntervals, InputHoldsEveryPixel) {
  const Network network = network_of([](Builder&, NodeId x) { return x; });
  const Intervals intervals = intervals_of(network, {});
  for (const Interval& channel : intervals[0]) expect_near(channel, -2.0, 2.0);
}

TEST(ChannelIntervals, ConvolutionTakesEachInputAtItsWorst) {
  const Network network =
      network_of([](Builder& net, NodeId x) { return net.conv("conv", x, {.filters = 1}); });
  const network::Tensors tensors = {{"conv.weight", {{1, 3, 1, 1}, {1.0F, -2.0F, 0.0F}}}};
  expect_near(intervals_of(network, tensors)[1][0], -6.0, 6.0);
}

// Behind a batch norm that makes the channel 5 everywhere, a kernel of 3x3 ones gives 45 inside and
// 20 in a corner, where five of its nine taps read padding.
TEST(ChannelIntervals, PaddingCountsWhereAKernelReachesIt) {
  const Network network = network_of([](Builder& net, NodeId x) {
    x = net.batch_norm("norm", x);
    return net.depthwise_conv("conv", x, 3, 1);
  });
  network::Tensors tensors = testing::random_tensors(network, 1);
  tensors["norm.weight"].values = {0.0F, 0.0F, 0.0F};
  tensors["norm.bias"].values = {5.0F, 0.0F, 5.0F};
  tensors["conv.weight"].values.assign(27, 1.0F);
  std::fill_n(tensors["conv.weight"].values.begin() + 18, 9, 0.0F);
  tensors["conv.weight"].values[22] = 1.0F;  // the last channel's centre alone
  const auto channels = intervals_of(network, tensors)[2];
  // The centre never reads padding; the eight taps around it may, each by itself.
  expect_near(channels[0], 5.0, 45.0);
  EXPECT_EQ(channels[1], (Interval{0.0, 0.0}));
  EXPECT_TRUE(is_constant(channels[2]));
  expect_near(channels[2], 5.0, 5.0);
}

TEST(ChannelIntervals, HardSwishHasItsLowestValueInside) {
  const Network network =
      network_of([](Builder& net, NodeId x) { return net.activation("curve", x, Op::kHardSwish); });
  expect_near(intervals_of(network, {})[1][0], -0.375, 2.0 * 5.0 / 6.0);
}

TEST(ChannelIntervals, BehindAQuantizerStandValuesOfItsGrid) {
  const Network network =
      network_of([](Builder& net, NodeId x) { return net.activation("relu", x, Op::kRelu); });
  const TrainedQuantizers coarse = {{.quantizer = {.node = "relu", .bits = 2}, .maximum = 3.0F}};
  EXPECT_EQ(intervals_of(network, {}, coarse)[1][0], (Interval{0.0, 2.0}));
  const TrainedQuantizers coarser = {{.quantizer = {.node = "relu", .bits = 2}, .maximum = 300.0F}};
  EXPECT_TRUE(is_constant(intervals_of(network, {}, coarser)[1][0]));
}

TEST(ChannelIntervals, AMissingTensorIsNamed) {
  const Network network =
      network_of([](Builder& net, NodeId x) { return net.conv("conv", x, {.filters = 1}); });
  EXPECT_THAT([&] { intervals_of(network, {}); },
              ::testing::ThrowsMessage<std::invalid_argument>(
                  ::testing::HasSubstr("conv.weight is missing")));
}

/// Every kind of layer there is, with random weights.
Network everything() {
  return network_of([](Builder& net, NodeId x) {
    x = conv_norm(net, "first", x, {.filters = 4, .kernel = 3, .activation = Op::kHardSwish});
    const NodeId mask = net.activation("mask", net.max_pool("pool", x, 2, 2), Op::kSigmoidPlusOne);
    x = bottleneck(net, "bneck", x,
                   {.expand = 8, .filters = 4, .squeeze_excite = true, .residual = true});
    x = net.crop("crop", x, 0);
    x = net.multiply("masked", x, net.upsample("up", mask, 2));
    x = net.dropout("dropout", net.global_average_pool("average", x), 0.5);
    return net.softmax("softmax", net.conv("last", x, {.filters = 2, .bias = true}));
  });
}

TEST(ChannelIntervals, NoPictureLeavesThem) {
  const Network network = everything();
  const TrainedQuantizers quantizers = {
      coco_mcu::testing::output_range("first.activation", 0.0F, 2.0F),
      coco_mcu::testing::output_range("last", -3.0F, 3.0F)};
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const network::Tensors tensors = testing::random_tensors(network, seed);
    const Intervals intervals = intervals_of(network, tensors, quantizers);
    const testing::NetworkEvaluator evaluator(network, tensors, quantizers);
    for (std::uint32_t picture = 0; picture < 5; ++picture) {
      const auto maps = evaluator.run(testing::random_picture({8, 8, 3}, kPreprocessing, picture));
      for (std::size_t id = 0; id < maps.size(); ++id) {
        for (std::size_t i = 0; i < maps[id].values.size(); ++i) {
          const Interval& interval = intervals[id][i % intervals[id].size()];
          ASSERT_LE(interval.low, maps[id].values[i]) << network.nodes[id].name;
          ASSERT_GE(interval.high, maps[id].values[i]) << network.nodes[id].name;
        }
      }
    }
  }
}

}  // namespace
}  // namespace coco_mcu::lowering
