#include "lowering/policy.h"

#include <stdexcept>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/blocks.h"
#include "tests/support/network_evaluator.h"

namespace coco_mcu::lowering {
namespace {

using core::WeightFormat;
using network::Builder;
using network::Network;
using network::NodeId;
using network::Op;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::ThrowsMessage;

struct Fixture {
  Network network;
  FusedNetwork operators;
  network::Tensors tensors;
};

Fixture fixture_of(Network network) {
  FusedNetwork operators = fuse(network);
  network::Tensors tensors = testing::random_tensors(network, 1);
  return {std::move(network), std::move(operators), std::move(tensors)};
}

/// A first convolution, a bottleneck, a wide convolution and a classifier, random weights.
Fixture fixture() {
  Builder net("fixture");
  NodeId x = net.input({8, 8, 3});
  x = conv_norm(net, "first", x, {.filters = 4, .kernel = 3});
  x = bottleneck(net, "bneck", x, {.expand = 32, .filters = 32});
  x = conv_norm(net, "wide", x, {.filters = 64});
  x = net.global_average_pool("average", x);
  x = net.conv("classify", x, {.filters = 2});
  net.softmax("probs", x);
  return fixture_of(net.finish({"a", "b"}));
}

WeightFormats choose(const Fixture& from, std::string_view policy) {
  return choose_formats(policy, from.network, from.operators, from.tensors);
}

TEST(Policy, LayersAreCountedInRows) {
  const Fixture made = fixture();
  const auto layers = weight_layers(made.network, made.operators);
  ASSERT_EQ(layers.size(), 6U);
  EXPECT_EQ(layers[0].rows, 4);
  EXPECT_EQ(layers[0].row_size, 27);
  EXPECT_EQ(layers[0].bytes(WeightFormat::kSigned8), 4 * 27);
  EXPECT_EQ(layers[0].bytes(WeightFormat::kSigned4), 4 * 14);
  EXPECT_EQ(layers[2].name, "bneck.depthwise");
  EXPECT_TRUE(layers[2].is_depthwise);
  EXPECT_EQ(layers[2].bytes(WeightFormat::kTernary2), 32 * 3);
}

TEST(Policy, OneFormatEverywhere) {
  const Fixture made = fixture();
  for (const auto& [layer, format] : choose(made, "w2")) {
    EXPECT_EQ(format, WeightFormat::kFourLevel2) << layer;
  }
  for (const auto& [layer, format] : choose(made, "w2-ternary")) {
    EXPECT_EQ(format, WeightFormat::kTernary2) << layer;
  }
}

TEST(Policy, MixedKeepsEndsAndDepthwiseLayersAtEightBits) {
  EXPECT_THAT(
      choose(fixture(), "mixed"),
      ElementsAre(Pair("bneck.depthwise", WeightFormat::kSigned8),
                  Pair("bneck.expand", WeightFormat::kSigned4),
                  Pair("bneck.project", WeightFormat::kSigned4),
                  Pair("classify", WeightFormat::kSigned8), Pair("first", WeightFormat::kSigned8),
                  Pair("wide", WeightFormat::kSigned4)));
}

TEST(Policy, MixedKeepsSmallLayersAtEightBits) {
  Builder net("sizes");
  NodeId x = net.input({8, 8, 3});
  x = conv_norm(net, "first", x, {.filters = 4});
  x = conv_norm(net, "small", x, {.filters = 16});
  x = conv_norm(net, "large", x, {.filters = 800});
  x = net.global_average_pool("average", x);
  net.softmax("probs", conv_norm(net, "classify", x, {.filters = 2}));
  const WeightFormats formats = choose(fixture_of(net.finish({"a", "b"})), "mixed");
  EXPECT_EQ(formats.at("small"), WeightFormat::kSigned8);
  EXPECT_EQ(formats.at("large"), WeightFormat::kSigned4);
}

TEST(Policy, TernaryWeightsStayTernaryWhateverThePolicy) {
  Fixture made = fixture();
  std::vector<float>& weights = made.tensors.at("wide.conv.weight").values;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = 0.25F * (static_cast<float>(i % 3) - 1.0F);
  }
  for (const char* policy : {"w8", "w4", "w2", "mixed", "trained"}) {
    EXPECT_EQ(choose(made, policy).at("wide"), WeightFormat::kTernary2) << policy;
  }
}

TEST(Policy, TrainedTakesTheGridThatTheWeightsStandOn) {
  Fixture made = fixture();
  std::vector<float>& weights = made.tensors.at("wide.conv.weight").values;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = 0.01F * (static_cast<float>(i % 11) - 5.0F);
  }
  const WeightFormats formats = choose(made, "trained");
  EXPECT_EQ(formats.at("wide"), WeightFormat::kSigned4);
  EXPECT_EQ(formats.at("bneck.expand"), WeightFormat::kSigned8);
}

TEST(Policy, ANegativeBatchNormTurnsTheLowestOfFourBits) {
  Fixture made = fixture();
  std::vector<float>& weights = made.tensors.at("wide.conv.weight").values;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = 0.01F * (static_cast<float>(i % 16) - 8.0F);
  }
  std::vector<float>& gains = made.tensors.at("wide.batch_norm.weight").values;
  for (float& gain : gains) gain = 1.0F;
  EXPECT_EQ(choose(made, "trained").at("wide"), WeightFormat::kSigned4);
  gains[0] = -1.0F;
  EXPECT_EQ(choose(made, "trained").at("wide"), WeightFormat::kSigned8);
}

TEST(Policy, LayersCanBeSetOneByOne) {
  const WeightFormats formats = choose(fixture(), "w4,wide=w2-ternary,first=w8");
  EXPECT_EQ(formats.at("wide"), WeightFormat::kTernary2);
  EXPECT_EQ(formats.at("first"), WeightFormat::kSigned8);
  EXPECT_EQ(formats.at("classify"), WeightFormat::kSigned4);
}

TEST(Policy, RefusesWhatItDoesNotKnow) {
  const Fixture made = fixture();
  EXPECT_THAT([&] { choose(made, "w3"); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("policy w3: unknown; there is: w8")));
  EXPECT_THAT([&] { choose(made, "w4,nothing=w8"); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("\"nothing=w8\"")));
  EXPECT_THAT([&] { choose(made, "w4,wide"); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("LAYER=FORMAT")));
}

}  // namespace
}  // namespace coco_mcu::lowering
