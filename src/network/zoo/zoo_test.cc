#include "network/zoo/zoo.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/costs.h"

namespace coco_mcu::network {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Shape shape_of(const Network& network, std::string_view name) {
  return network.nodes[*network.find(name)].output;
}

// The table of the published network, block by block.
TEST(Zoo, ReferenceNetworkHasThePublishedShapes) {
  const Network network = coco_mcu();
  EXPECT_EQ(shape_of(network, "first_layer"), (Shape{86, 86, 8}));
  for (const char* name :
       {"att_0", "bneck0", "masked_bneck_0", "att_1", "bneck1", "masked_bneck_1"}) {
    EXPECT_EQ(shape_of(network, name), (Shape{86, 86, 16})) << name;
  }
  EXPECT_EQ(shape_of(network, "bneck2"), (Shape{43, 43, 24}));
  EXPECT_EQ(shape_of(network, "bneck3"), (Shape{22, 22, 32}));
  EXPECT_EQ(shape_of(network, "bneck4"), (Shape{11, 11, 128}));
  EXPECT_EQ(shape_of(network, "bneck5"), (Shape{6, 6, 128}));
  EXPECT_EQ(shape_of(network, "bneck6"), (Shape{6, 6, 128}));
  EXPECT_EQ(shape_of(network, "last_conv1"), (Shape{6, 6, 512}));
  EXPECT_EQ(shape_of(network, "last_conv2"), (Shape{1, 1, 1200}));
  EXPECT_EQ(shape_of(network, "probs"), (Shape{1, 1, 2}));
  EXPECT_EQ(network.labels[1], "person");
}

TEST(Zoo, OnlyTheResidualAttentionAddsTheWayDown) {
  const Network network = coco_mcu();
  EXPECT_TRUE(network.find("att_0.add1").has_value());
  EXPECT_TRUE(network.find("att_0.add2").has_value());
  EXPECT_FALSE(network.find("att_1.add1").has_value());
}

TEST(Zoo, ReferenceNetworkHas95ConvolutionsAnd59BatchNorms) {
  const Network network = coco_mcu();
  const auto count = [&](Op op) { return std::ranges::count(network.nodes, op, &Node::op); };
  EXPECT_EQ(count(Op::kConv) + count(Op::kDepthwiseConv), 95);
  EXPECT_EQ(count(Op::kBatchNorm), 59);
}

// The limits of the challenge, with 36 KB for multipliers, tables and names.
TEST(Zoo, OurNetworkFitsTheLimitsAtTwoBits) {
  const Cost total = cost(person());
  EXPECT_LE(total.weights / 4 + 36'000, 250'228);
  EXPECT_LE(total.macs, 60'000'000);
}

// Rows stream through as far as the first block that averages over a whole tensor.
TEST(Zoo, OurNetworkAveragesNothingLarge) {
  const Network network = person();
  for (const Node& node : network.nodes) {
    if (node.op != Op::kGlobalAveragePool) continue;
    EXPECT_LE(network.nodes[node.inputs[0]].output.height, 11) << node.name;
  }
}

TEST(Zoo, NodeAndParameterNamesAreUnique) {
  for (const ZooEntry& entry : zoo()) {
    const Network network = entry.build();
    std::set<std::string> names;
    for (const Node& node : network.nodes) EXPECT_TRUE(names.insert(node.name).second) << node.name;
    std::set<std::string> parameter_names;
    for (const Parameter& each : parameters(network)) {
      EXPECT_TRUE(parameter_names.insert(each.name).second) << each.name;
    }
  }
}

TEST(Zoo, UnknownNetworkListsTheKnownOnes) {
  EXPECT_THAT([] { zoo_entry("resnet50"); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("there is: coco_mcu")));
}

}  // namespace
}  // namespace coco_mcu::network
