#include "lowering/fusion.h"

#include <algorithm>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/blocks.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::lowering {
namespace {

using model::OperatorKind;
using network::Builder;
using network::Network;
using network::NodeId;
using network::Op;
using network::Shape;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const FusedOperator& named(const FusedNetwork& operators, std::string_view name) {
  const auto found = std::ranges::find(operators, name, &FusedOperator::name);
  if (found == operators.end()) throw std::runtime_error("no operator " + std::string(name));
  return *found;
}

std::vector<std::string> names(const FusedNetwork& operators) {
  std::vector<std::string> all;
  for (const FusedOperator& each : operators) all.push_back(each.name);
  return all;
}

const std::string& name_of(const Network& network, NodeId id) {
  return network.nodes[id].name;
}

/// Ends a network of `channels` channels.
Network finish(Builder& net, NodeId x) {
  x = net.global_average_pool("average", x);
  net.softmax("probs", x);
  return net.finish(std::vector<std::string>(net.shape(x).channels, "label"));
}

TEST(Fusion, ConcatenatesTwoTensorsAtATime) {
  Builder net("concatenation");
  const NodeId x = net.input({8, 8, 3});
  const NodeId side = net.conv("side", x, {.filters = 4});
  const Network network = finish(net, net.concatenate("joined", {x, side, x}));
  const FusedNetwork fused = fuse(network);
  EXPECT_THAT(names(fused),
              ElementsAre("input", "side", "joined.part1", "joined", "average", "probs"));
  EXPECT_EQ(fused[2].kind, OperatorKind::kConcatenate);
  EXPECT_THAT(fused[2].inputs, ElementsAre(0, 1));
  EXPECT_EQ(fused[2].shape, (Shape{8, 8, 7}));
  EXPECT_THAT(fused[3].inputs, ElementsAre(2, 0));
  EXPECT_EQ(fused[3].shape, (Shape{8, 8, 10}));
}

TEST(Fusion, AConcatenationOfOneTensorIsThatTensor) {
  Builder net("concatenation");
  const NodeId x = net.input({8, 8, 3});
  EXPECT_THAT(names(fuse(finish(net, net.concatenate("joined", {x})))),
              ElementsAre("input", "average", "probs"));
}

TEST(Fusion, ConvolutionTakesBatchNormAndReluAlong) {
  Builder net("relu");
  const NodeId x = net.input({8, 8, 3});
  const Network network =
      finish(net, conv_norm(net, "block", x, {.filters = 4, .activation = Op::kRelu}));
  const FusedNetwork fused = fuse(network);
  EXPECT_THAT(names(fused), ElementsAre("input", "block", "average", "probs"));
  EXPECT_EQ(fused[1].kind, OperatorKind::kConvolution);
  EXPECT_EQ(fused[1].activation, Activation::kLimit);
  EXPECT_EQ(name_of(network, *fused[1].batch_norm), "block.batch_norm");
  EXPECT_EQ(name_of(network, fused[1].output), "block.activation");
}

TEST(Fusion, CurveBehindAConvolutionIsATableOfTheValuesBeforeIt) {
  Builder net("curve");
  const NodeId x = net.input({8, 8, 3});
  const Network network =
      finish(net, conv_norm(net, "block", x, {.filters = 4, .activation = Op::kHardSwish}));
  const FusedNetwork fused = fuse(network);
  EXPECT_EQ(fused[1].activation, Activation::kTable);
  EXPECT_EQ(name_of(network, fused[1].before_activation), "block.batch_norm");
  EXPECT_EQ(name_of(network, fused[1].output), "block.activation");
}

TEST(Fusion, WhatOthersReadIsNotFused) {
  Builder net("branch");
  NodeId x = net.input({8, 8, 3});
  x = net.conv("linear", x, {.filters = 4});
  const NodeId curved = net.activation("curve", x, Op::kHardSwish);
  const FusedNetwork fused = fuse(finish(net, net.add("sum", x, curved)));
  EXPECT_EQ(named(fused, "linear").activation, Activation::kNone);
  EXPECT_EQ(named(fused, "curve").kind, OperatorKind::kLookup);
  EXPECT_EQ(named(fused, "curve").activation, Activation::kTable);
}

TEST(Fusion, SqueezeExciteStandsBetweenDepthwiseAndActivation) {
  Builder net("gated");
  NodeId x = net.input({8, 6, 4});
  x = bottleneck(net, "bneck", x,
                 {.expand = 8, .filters = 4, .squeeze_excite = true, .activation = Op::kHardSwish});
  const Network network = finish(net, x);
  const FusedNetwork fused = fuse(network);
  EXPECT_THAT(
      names(fused),
      ElementsAre("input", "bneck.expand", "bneck.depthwise", "bneck.depthwise.squeeze_excite.pool",
                  "bneck.depthwise.squeeze_excite.squeeze", "bneck.depthwise.squeeze_excite.excite",
                  "bneck.depthwise.squeeze_excite.scale", "bneck.project", "average", "probs"));
  EXPECT_EQ(fused[2].activation, Activation::kNone);
  EXPECT_EQ(fused[5].activation, Activation::kAffine);
  const FusedOperator& scale = fused[6];
  EXPECT_EQ(scale.kind, OperatorKind::kMultiply);
  EXPECT_THAT(scale.inputs, ElementsAre(2, 5));
  EXPECT_EQ(scale.factor, 8);
  EXPECT_EQ(scale.offset, 0);
  EXPECT_EQ(scale.activation, Activation::kTable);
  EXPECT_EQ(name_of(network, scale.before_activation), "bneck.depthwise.squeeze_excite.scale");
  EXPECT_EQ(name_of(network, scale.output), "bneck.depthwise.activation");
}

TEST(Fusion, UpsamplingOfAMaskBecomesAnIndex) {
  Builder net("mask");
  const NodeId x = net.input({22, 22, 4});
  NodeId mask = net.max_pool("coarse", x, 4, 4);
  mask = net.conv("weights", mask, {.filters = 4});
  mask = net.upsample("up1", mask, 3);
  mask = net.crop("crop", mask, 4);
  mask = net.upsample("up2", mask, 2);
  const FusedNetwork fused = fuse(finish(net, net.multiply("masked", x, mask)));
  const FusedOperator& masked = named(fused, "masked");
  EXPECT_THAT(masked.inputs, ElementsAre(0, 2));
  EXPECT_EQ(masked.factor, 6);  // (i / 2 + 4) / 3
  EXPECT_EQ(masked.offset, 8);
}

TEST(Fusion, MaskMayBeTheFirstOperand) {
  Builder net("mask");
  const NodeId x = net.input({8, 8, 4});
  const NodeId mask = net.upsample("up", net.max_pool("coarse", x, 2, 2), 2);
  const FusedNetwork fused = fuse(finish(net, net.multiply("masked", mask, x)));
  EXPECT_THAT(named(fused, "masked").inputs, ElementsAre(0, 1));
  EXPECT_EQ(named(fused, "masked").factor, 2);
}

TEST(Fusion, CurveIsTakenBeforeUpsampling) {
  Builder net("mask");
  const NodeId x = net.input({8, 8, 4});
  NodeId mask = net.max_pool("coarse", x, 2, 2);
  mask = net.upsample("up", mask, 2);
  mask = net.activation("curve", mask, Op::kSigmoidPlusOne);
  const FusedNetwork fused = fuse(finish(net, net.multiply("masked", x, mask)));
  const FusedOperator& curve = named(fused, "curve");
  EXPECT_EQ(curve.kind, OperatorKind::kLookup);
  EXPECT_EQ(curve.shape, (Shape{4, 4, 4}));
  EXPECT_EQ(named(fused, "masked").factor, 2);
}

TEST(Fusion, UpsamplingThatOthersReadIsStoredOnce) {
  Builder net("stored");
  const NodeId x = net.input({8, 8, 4});
  const NodeId up = net.upsample("up", net.max_pool("coarse", x, 2, 2), 2);
  const NodeId sum = net.add("sum", up, x);
  const FusedNetwork fused = fuse(finish(net, net.add("again", sum, up)));
  EXPECT_THAT(names(fused),
              ElementsAre("input", "coarse", "up", "sum", "again", "average", "probs"));
  EXPECT_EQ(fused[2].kind, OperatorKind::kUpsample);
  EXPECT_EQ(fused[2].factor, 2);
  EXPECT_EQ(fused[2].shape, (Shape{8, 8, 4}));
}

TEST(Fusion, DropoutDisappears) {
  Builder net("dropped");
  NodeId x = net.input({4, 4, 3});
  x = net.conv("conv", x, {.filters = 2});
  x = net.dropout("dropout", x, 0.5);
  x = net.activation("relu", x, Op::kRelu);
  const FusedNetwork fused = fuse(finish(net, x));
  EXPECT_THAT(names(fused), ElementsAre("input", "conv", "average", "probs"));
  EXPECT_EQ(fused[1].activation, Activation::kLimit);
}

TEST(Fusion, RefusesWhatAnIntegerModelCannotExpress) {
  Builder lone("lone");
  const NodeId pooled = lone.max_pool("pool", lone.input({8, 8, 3}), 2, 2);
  const Network lone_norm = finish(lone, lone.batch_norm("norm", pooled));
  EXPECT_THAT([&] { fuse(lone_norm); },
              ThrowsMessage<std::invalid_argument>(
                  AllOf(HasSubstr("layer norm (batch_norm)"), HasSubstr("put it right behind"))));
  Builder wide("wide");
  wide.softmax("probs", wide.input({2, 1, 3}));
  const Network many_pixels = wide.finish({"a", "b", "c"});
  EXPECT_THAT([&] { fuse(many_pixels); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("its input is 2x1x3")));
  Builder open("open");
  open.global_average_pool("average", open.input({4, 4, 2}));
  const Network no_softmax = open.finish({"a", "b"});
  EXPECT_THAT([&] { fuse(no_softmax); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("ends in a softmax")));
}

TEST(Fusion, ReferenceNetworkKeepsItsMasksCoarse) {
  const FusedNetwork fused = fuse(network::coco_mcu());
  const FusedOperator& masked = named(fused, "masked_bneck_0");
  EXPECT_EQ(masked.factor, 4);
  EXPECT_EQ(masked.offset, 2);
  const FusedOperator& mask = fused[masked.inputs[1]];
  EXPECT_EQ(mask.shape, (Shape{22, 22, 16}));
  EXPECT_EQ(mask.curve, Op::kSigmoidPlusOne);
  EXPECT_EQ(std::ranges::count(fused, OperatorKind::kUpsample, &FusedOperator::kind), 2);
}

}  // namespace
}  // namespace coco_mcu::lowering
