#include "network/costs.h"

#include <gtest/gtest.h>

#include "network/blocks.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::network {
namespace {

TEST(Costs, OfOneConvolution) {
  Builder net("tiny");
  const NodeId x = net.input({8, 6, 3});
  const NodeId conv = net.conv("conv", x, {.filters = 5, .kernel = 3, .stride = 2, .bias = true});
  const Network network = net.finish({"a", "b", "c", "d", "e"});
  const Cost cost_of_conv = cost(network, conv);
  EXPECT_EQ(cost_of_conv.weights, 3 * 3 * 3 * 5);
  EXPECT_EQ(cost_of_conv.biases, 5);
  EXPECT_EQ(cost_of_conv.macs, 4 * 3 * 3 * 3 * 3 * 5);
  EXPECT_EQ(cost_of_conv.parameters(), 140);
}

TEST(Costs, OfDepthwiseConvolutionAndBatchNorm) {
  Builder net("tiny");
  const NodeId conv = net.depthwise_conv("conv", net.input({7, 7, 4}), 5, 2);
  const NodeId norm = net.batch_norm("norm", conv);
  const Network network = net.finish({"a", "b", "c", "d"});
  EXPECT_EQ(cost(network, conv).weights, 5 * 5 * 4);
  EXPECT_EQ(cost(network, conv).macs, 4 * 4 * 5 * 5 * 4);
  EXPECT_EQ(cost(network, norm).batch_norm, 16);
  EXPECT_EQ(cost(network, norm).parameters(), 0);
}

TEST(Costs, WeightBytesFillUpEachKernel) {
  Builder net("tiny");
  NodeId x = net.input({1, 1, 1});
  x = net.conv("first", x, {.filters = 3});
  net.conv("second", x, {.filters = 1});
  const Network network = net.finish({"a"});
  EXPECT_EQ(weight_bytes(network, 2), 1 + 1);
  EXPECT_EQ(weight_bytes(network, 4), 2 + 2);
  EXPECT_EQ(weight_bytes(network, 8), 3 + 3);
}

TEST(Costs, OfTheReferenceNetwork) {
  const Cost total = cost(coco_mcu());
  EXPECT_EQ(total.parameters(), 998'514);
  EXPECT_EQ(total.parameters() + total.batch_norm, 1'013'554);
  EXPECT_EQ(total.macs, 46'959'296);
  EXPECT_EQ(total.weights, 997'312);
  EXPECT_EQ(weight_bytes(coco_mcu(), 2), 249'328);
}

}  // namespace
}  // namespace coco_mcu::network
