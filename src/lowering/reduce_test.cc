#include "lowering/reduce.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/reduction_cases.h"
#include "tests/support/trained_ranges.h"

namespace coco_mcu::lowering {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the cases
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// Two convolutions of 1x1, the first with batch norm and relu.
Network two_layers(int kernel, bool norm_behind) {
  return network_of([&](Builder& net, NodeId x) {
    x = conv_norm(net, "first", x, {.filters = 4, .activation = Op::kRelu});
    x = net.conv("second", x, {.filters = 2, .kernel = kernel});
    return norm_behind ? net.batch_norm("norm", x) : x;
  });
}

TEST(Reduce, AConstantChannelGoesIntoTheBatchNormBehind) {
  const Network network = two_layers(1, /*norm_behind=*/true);
  network::Tensors tensors = random_tensors(network, 1);
  make_constant(tensors, "first.batch_norm", 2, 0.75F);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  EXPECT_EQ(channels(reduced.network, "first"), 3);
  EXPECT_FALSE(reduced.network.nodes[*reduced.network.find("second")].bias);
  ASSERT_THAT(reduced.report.constants, SizeIs(1));
  const ConstantChannels& constants = reduced.report.constants[0];
  EXPECT_EQ(constants.source, "first.activation");
  EXPECT_EQ(constants.folded_into, "norm");
  EXPECT_EQ(constants.channels, 1);
  EXPECT_NEAR(constants.low, 0.75, 1e-9);
  EXPECT_LT(constants.widest, 1e-9);
}

TEST(Reduce, AConstantChannelGoesIntoABiasWhereThereIsNoBatchNorm) {
  const Network network = two_layers(1, /*norm_behind=*/false);
  network::Tensors tensors = random_tensors(network, 2);
  make_constant(tensors, "first.batch_norm", 0, 0.75F);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  EXPECT_EQ(channels(reduced.network, "first"), 3);
  EXPECT_TRUE(reduced.network.nodes[*reduced.network.find("second")].bias);
  EXPECT_EQ(reduced.tensors.at("second.bias").shape, (std::vector<std::int64_t>{2}));
}

/// Constants fold out of convolutions of any format; four levels have no zero for those that stay.
TEST(Reduce, FourLevelsFoldOnlyWhatGoesAltogether) {
  const Network network = two_layers(1, /*norm_behind=*/true);
  network::Tensors tensors = random_tensors(network, 1);
  make_constant(tensors, "first.batch_norm", 2, 0.75F);
  TrainedQuantizer kernel;
  kernel.quantizer = {.node = "second",
                      .tensor = network::QuantizedTensor::kWeight,
                      .kind = network::QuantizerKind::kLearnedStep,
                      .format = core::WeightFormat::kTernary2};
  kernel.steps = {0.5F, 0.25F};
  EXPECT_EQ(channels(reduce_and_compare(network, tensors, {kernel}).network, "first"), 3);
  kernel.quantizer.format = core::WeightFormat::kFourLevel2;
  EXPECT_EQ(channels(reduce_and_compare(network, tensors, {kernel}).network, "first"), 3);

  const Network aligned = network_of([](Builder& net, NodeId x) {
    x = conv_norm(net, "first", x, {.filters = 4, .activation = Op::kRelu});
    const NodeId other = net.batch_norm("other_norm", net.conv("other", x, {.filters = 4}));
    return net.batch_norm("norm", net.conv("second", net.add("sum", x, other), {.filters = 2}));
  });
  tensors = random_tensors(aligned, 1);
  make_constant(tensors, "first.batch_norm", 2, 0.75F);
  kernel.quantizer.node = "other";
  kernel.steps.assign(4, 0.5F);
  const ReducedNetwork reduced = reduce_and_compare(aligned, tensors, {kernel});
  EXPECT_EQ(channels(reduced.network, "first"), 4) << "the sum needs it";
  const std::vector<float>& weights = reduced.tensors.at("other.weight").values;
  EXPECT_THAT(weights, Not(Contains(0.0F))) << "and other reads it";
}

TEST(Reduce, AConstantIsNotFoldedThroughZeroPadding) {
  const Network network = two_layers(3, /*norm_behind=*/true);
  network::Tensors tensors = random_tensors(network, 3);
  make_constant(tensors, "first.batch_norm", 1, 0.75F);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  EXPECT_EQ(channels(reduced.network, "first"), 4);
  // It is made from nothing, though: its own kernel reads no pixel.
  const std::vector<float>& kernel = reduced.tensors.at("first.conv.weight").values;
  EXPECT_THAT(std::vector<float>(kernel.begin() + 3, kernel.begin() + 6), Each(0.0F));
}

TEST(Reduce, ZeroIsFoldedThroughZeroPadding) {
  const Network network = two_layers(3, /*norm_behind=*/true);
  network::Tensors tensors = random_tensors(network, 4);
  make_constant(tensors, "first.batch_norm", 1, -0.75F);  // relu makes it zero
  EXPECT_EQ(channels(reduce_and_compare(network, tensors).network, "first"), 3);
}

TEST(Reduce, AnUnreadChannelGoes) {
  const Network network = two_layers(1, /*norm_behind=*/true);
  network::Tensors tensors = random_tensors(network, 5);
  stop_reading(tensors, "second", 3);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  EXPECT_EQ(channels(reduced.network, "first"), 3);
  EXPECT_THAT(reduced.report.constants, IsEmpty());
  EXPECT_EQ(reduced.report.after.weights, 3 * 3 + 3 * 2);
}

TEST(Reduce, AChainOfElementwiseLayersLosesAChannelTogether) {
  const Network network = network_of([](Builder& net, NodeId x) {
    x = conv_norm(net, "first", x, {.filters = 4, .activation = Op::kHardSwish});
    x = net.batch_norm("norm", net.depthwise_conv("depthwise", x, 3, 2));
    x = net.max_pool("pool", net.activation("relu", x, Op::kRelu), 2, 2);
    x = net.crop("crop", net.upsample("up", x, 2), 1);
    return net.conv("last", net.dropout("dropout", x, 0.5), {.filters = 2});
  });
  network::Tensors tensors = random_tensors(network, 6);
  stop_reading(tensors, "last", 1);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  for (const network::Node& node : reduced.network.nodes) {
    if (node.op == Op::kInput || node.name == "last") continue;
    EXPECT_EQ(node.output.channels, 3) << node.name;
  }
  EXPECT_EQ(reduced.tensors.at("depthwise.weight").shape, (std::vector<std::int64_t>{3, 1, 3, 3}));
}

TEST(Reduce, AResidualAdditionKeepsChannelsAligned) {
  const Network network = network_of([](Builder& net, NodeId x) {
    x = conv_norm(net, "first", x, {.filters = 4});
    const NodeId more = conv_norm(net, "more", x, {.filters = 4});
    return net.conv("last", net.add("add", more, x), {.filters = 2});
  });
  network::Tensors tensors = random_tensors(network, 7);
  stop_reading(tensors, "last", 0);                     // but "more" reads channel 0 of "first"
  make_constant(tensors, "more.batch_norm", 2, 0.25F);  // while channel 2 of "first" varies
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  EXPECT_EQ(channels(reduced.network, "add"), 4);
  const std::vector<float>& kernel = reduced.tensors.at("more.conv.weight").values;
  for (const int channel : {0, 2}) {
    const auto row = kernel.begin() + std::ptrdiff_t{4} * channel;
    EXPECT_THAT(std::vector<float>(row, row + 4), Each(0.0F)) << channel;
  }
  EXPECT_EQ(reduced.report.idle_weights, 2 * 4 + 2);
}

TEST(Reduce, AConstantOperandOfAnAdditionGoesIntoTheOtherOne) {
  const Network network = network_of([](Builder& net, NodeId x) {
    const NodeId constant = conv_norm(net, "constant", x, {.filters = 2});
    const NodeId varying = conv_norm(net, "varying", x, {.filters = 2});
    return net.activation("relu", net.add("add", constant, varying), Op::kRelu);
  });
  network::Tensors tensors = random_tensors(network, 8);
  make_constant(tensors, "constant.batch_norm", 0, 0.5F);
  make_constant(tensors, "constant.batch_norm", 1, -0.5F);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  EXPECT_FALSE(has(reduced.network, "add"));
  EXPECT_FALSE(has(reduced.network, "constant"));
  ASSERT_THAT(reduced.report.constants, SizeIs(1));
  EXPECT_EQ(reduced.report.constants[0].folded_into, "varying.batch_norm");
  EXPECT_FALSE(reduced.report.constants[0].is_factor);
}

/// A curve, a constant added to it, and a convolution that reads the sum.
ReducedNetwork reduce_addition_behind_a_curve(int kernel) {
  const Network network = network_of([&](Builder& net, NodeId x) {
    const NodeId constant = conv_norm(net, "constant", x, {.filters = 2});
    x = conv_norm(net, "varying", x, {.filters = 2, .activation = Op::kHardSwish});
    return net.conv("behind", net.add("add", x, constant), {.filters = 2, .kernel = kernel});
  });
  network::Tensors tensors = random_tensors(network, 19);
  make_constant(tensors, "constant.batch_norm", 0, 0.5F);
  make_constant(tensors, "constant.batch_norm", 1, -0.5F);
  return reduce_and_compare(network, tensors);
}

TEST(Reduce, AConstantOperandBehindACurveGoesIntoTheConvolutionThatReadsTheSum) {
  EXPECT_FALSE(has(reduce_addition_behind_a_curve(1).network, "add"));
}

TEST(Reduce, AnAdditionThatIsPaddedWithZerosStays) {
  EXPECT_TRUE(has(reduce_addition_behind_a_curve(3).network, "add"));
}

TEST(Reduce, OutputsThatOneStepOfTheGridHoldsAreConstant) {
  const Network network = two_layers(1, /*norm_behind=*/true);
  network::Tensors tensors = random_tensors(network, 15);
  const TrainedQuantizers coarse = {
      coco_mcu::testing::output_range("first.activation", 0.0F, 1e6F)};
  const ReducedNetwork reduced = reduce_and_compare(network, tensors, coarse);
  EXPECT_EQ(reduced.report.after.weights, 3 + 2);  // a layer reads at least one channel
}

TEST(Reduce, AnOutputThatIsConstantIsStillMade) {
  const Network network = network_of([](Builder& net, NodeId x) {
    x = conv_norm(net, "first", x, {.filters = 4});
    return net.softmax("softmax", net.conv("last", x, {.filters = 2}));
  });
  network::Tensors tensors = random_tensors(network, 16);
  for (std::size_t c = 0; c < 4; ++c) make_constant(tensors, "first.batch_norm", c, 1.0F);
  const ReducedNetwork reduced = reduce_and_compare(network, tensors);
  EXPECT_EQ(reduced.network.output().output.channels, 2);
  EXPECT_THAT(reduced.tensors.at("last.weight").values, Each(0.0F));
}

TEST(Reduce, WithoutRemovalOnlyTheWeightsAreThoseInEffect) {
  const Network network = two_layers(1, /*norm_behind=*/false);
  network::Tensors tensors = random_tensors(network, 17);
  make_constant(tensors, "first.batch_norm", 0, 0.75F);
  const TrainedQuantizers ternary = {coco_mcu::testing::ternary_kernel("second", -0.5F, 0.5F)};
  const ReducedNetwork reduced =
      reduce_and_compare(network, tensors, ternary, {.exact_removal = false});
  EXPECT_EQ(reduced.network.nodes.size(), network.nodes.size());
  EXPECT_EQ(reduced.tensors, effective_weights(tensors, ternary));
  EXPECT_EQ(reduced.report.after.weights, reduced.report.before.weights);
}

TEST(Reduce, PruningCountsWhatItSetsToZero) {
  const Network network = two_layers(1, /*norm_behind=*/true);
  network::Tensors tensors = random_tensors(network, 18);
  tensors.at("second.weight").values = {0.5F, 9e-7F, 0.0F, -9e-7F, -1e-5F, 8e-7F, 0.25F, 1e-3F};
  const ReducedNetwork reduced =
      reduce_and_compare(network, tensors, {}, {.exact_removal = true, .prune_below = 1e-6});
  ASSERT_THAT(reduced.report.pruned, SizeIs(1));
  EXPECT_EQ(reduced.report.pruned[0].layer, "second");
  EXPECT_EQ(reduced.report.pruned_weights(), 3);
  EXPECT_EQ(channels(reduced.network, "first"), 3);  // nothing reads channel 1
}

TEST(Reduce, AMissingTensorIsNamed) {
  EXPECT_THAT(
      [] { reduce(two_layers(1, true), {}, {}, kPreprocessing, {}); },
      ::testing::ThrowsMessage<std::invalid_argument>(HasSubstr("first.conv.weight is missing")));
}

}  // namespace
}  // namespace coco_mcu::lowering
