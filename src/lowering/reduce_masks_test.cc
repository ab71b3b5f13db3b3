#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowering/reduce.h"
#include "tests/support/reduction_cases.h"
#include "tests/support/trained_ranges.h"

namespace coco_mcu::lowering {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the cases
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(ReduceMasks, AConstantMaskGoesIntoTheBatchNormBeforeItAndItsBranchGoes) {
  const Network network = masked([](Builder& net, NodeId x, NodeId mask) {
    x = conv_norm(net, "before", x, {.filters = 4});
    x = net.multiply("masked", x, mask);
    return conv_norm(net, "behind", x, {.filters = 2, .kernel = 3});
  });
  network::Tensors tensors = random_tensors(network, 9);
  make_mask_constant(tensors);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  ASSERT_THAT(reduced.network.blocks, SizeIs(2));
  EXPECT_EQ(reduced.network.blocks[0].name, "before");
  EXPECT_EQ(reduced.network.blocks[1].name, "behind");
  EXPECT_EQ(reduced.network.blocks[1].last, static_cast<NodeId>(reduced.network.nodes.size()) - 1);
  EXPECT_THAT(reduced.report.constants,
              ElementsAre(Field(&ConstantChannels::folded_into, "before.batch_norm")));
  EXPECT_EQ(reduced.report.constants[0].source, "attention.up");
  EXPECT_TRUE(reduced.report.constants[0].is_factor);
  EXPECT_THAT(describe(reduced.report),
              Contains(HasSubstr("attention: nothing reads it any more; 12 weights")));
}

TEST(ReduceMasks, AConstantMaskBehindACurveGoesIntoTheConvolutionsThatReadIt) {
  const Network network = masked([](Builder& net, NodeId x, NodeId mask) {
    x = conv_norm(net, "before", x, {.filters = 4, .activation = Op::kHardSwish});
    x = net.multiply("masked", x, mask);
    const NodeId a = conv_norm(net, "a", x, {.filters = 2, .kernel = 3});
    return net.add("add", a, net.conv("b", x, {.filters = 2}));
  });
  network::Tensors tensors = random_tensors(network, 10);
  make_mask_constant(tensors);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  EXPECT_FALSE(has(reduced.network, "masked"));
  EXPECT_FALSE(has(reduced.network, "attention"));
}

TEST(ReduceMasks, AConstantMaskLeavesABatchNormAloneThatOthersReadToo) {
  const Network network = masked([](Builder& net, NodeId x, NodeId mask) {
    x = conv_norm(net, "before", x, {.filters = 4});
    const NodeId a = net.conv("a", net.multiply("masked", x, mask), {.filters = 2});
    return net.add("add", a, net.conv("b", x, {.filters = 2}));
  });
  network::Tensors tensors = random_tensors(network, 20);
  make_mask_constant(tensors);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  EXPECT_FALSE(has(reduced.network, "masked"));
  EXPECT_EQ(reduced.tensors.at("before.batch_norm.weight"), tensors.at("before.batch_norm.weight"));
}

TEST(ReduceMasks, AConstantMaskThatNoLayerCanTakeStays) {
  const Network network = masked([](Builder& net, NodeId x, NodeId mask) {
    x = conv_norm(net, "before", x, {.filters = 4, .activation = Op::kHardSwish});
    x = net.activation("curve", net.multiply("masked", x, mask), Op::kHardSwish);
    return net.conv("behind", x, {.filters = 2});
  });
  network::Tensors tensors = random_tensors(network, 11);
  make_mask_constant(tensors);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  EXPECT_TRUE(has(reduced.network, "masked"));
  EXPECT_THAT(reduced.tensors.at("attention.small.conv.weight").values, Each(0.0F));
}

TEST(ReduceMasks, AMaskDoesNotScaleWeightsThatHaveAGrid) {
  const Network network = masked([](Builder& net, NodeId x, NodeId mask) {
    x = conv_norm(net, "before", x, {.filters = 4, .activation = Op::kHardSwish});
    return net.conv("behind", net.multiply("masked", x, mask), {.filters = 2});
  });
  network::Tensors tensors = random_tensors(network, 12);
  make_mask_constant(tensors);
  const TrainedQuantizers ternary = {coco_mcu::testing::ternary_kernel("behind", -0.5F, 0.5F)};
  const ReducedNetwork reduced = reduce_and_compare(network, tensors, ternary);
  EXPECT_TRUE(has(reduced.network, "masked"));
  const auto& kernel = reduced.tensors.at("behind.weight").values;
  EXPECT_LE(std::set<float>(kernel.begin(), kernel.end()).size(), 3U);
  EXPECT_TRUE(reduced.quantizers.empty());  // the weights are on their grid already
}

/// A depthwise layer with squeeze-excite and what reads it.
Network with_squeeze_excite() {
  return network_of([](Builder& net, NodeId x) {
    x = conv_norm(net, "first", x, {.filters = 8, .activation = Op::kRelu});
    {
      const Builder::Scope scope(net, "depthwise");
      x = net.batch_norm("batch_norm", net.depthwise_conv("conv", x, 3, 1));
      x = squeeze_excite(net, x);
      x = net.activation("activation", x, Op::kHardSwish);
    }
    return conv_norm(net, "project", x, {.filters = 4});
  });
}

TEST(ReduceMasks, AConstantGateTakesTheWholeSqueezeExciteAlong) {
  const Network network = with_squeeze_excite();
  network::Tensors tensors = random_tensors(network, 13);
  auto& excite = tensors.at("depthwise.squeeze_excite.excite.weight").values;
  std::ranges::fill(excite, 0.0F);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  for (const network::Node& node : reduced.network.nodes) {
    EXPECT_EQ(node.name.find("squeeze_excite"), std::string::npos) << node.name;
  }
  EXPECT_THAT(reduced.report.constants,
              Contains(Field(&ConstantChannels::folded_into, "depthwise.batch_norm")));
}

TEST(ReduceMasks, AConstantGateAmongOthersStaysWithThem) {
  const Network network = with_squeeze_excite();
  network::Tensors tensors = random_tensors(network, 14);
  auto& excite = tensors.at("depthwise.squeeze_excite.excite.weight").values;
  std::fill_n(excite.begin() + 2, 2, 0.0F);  // the row of channel 1
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  EXPECT_EQ(channels(reduced.network, "depthwise"), 8);
  EXPECT_EQ(reduced.report.idle_weights, 2);
}

}  // namespace
}  // namespace coco_mcu::lowering
