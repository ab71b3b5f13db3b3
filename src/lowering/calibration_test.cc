#include "lowering/calibration.h"

#include <limits>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/blocks.h"

namespace coco_mcu::lowering {
namespace {

using network::Builder;
using network::Network;
using network::NodeId;
using network::Op;
using ::testing::AllOf;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Two convolutions, the first with h-swish.
Network small_network() {
  Builder net("small");
  NodeId x = net.input({2, 2, 3});
  x = conv_norm(net, "first", x, {.filters = 2, .activation = Op::kHardSwish});
  x = net.max_pool("pool", x, 2, 2);
  x = net.conv("gate", x, {.filters = 2});
  x = net.activation("hard_sigmoid", x, Op::kHardSigmoid);
  x = net.conv("last", x, {.filters = 2});
  net.softmax("probs", x);
  return net.finish({"a", "b"});
}

std::vector<std::string> names_of(const Network& network, const std::vector<NodeId>& ids) {
  std::vector<std::string> names;
  for (const NodeId id : ids) names.push_back(network.nodes[id].name);
  return names;
}

TEST(Calibration, WatchesWhatItsRangeDoesNotFollowFrom) {
  const Network network = small_network();
  EXPECT_THAT(names_of(network, nodes_to_calibrate(fuse(network))),
              ElementsAre("first.batch_norm", "first.activation", "last"));
}

TEST(Calibration, TakesRangesOverAllPicturesAndMeansOfWhatConvolutionsRead) {
  const Network network = small_network();
  const Activations activations = [](std::size_t picture, const std::vector<std::string>& names) {
    std::vector<std::vector<float>> values;
    for (const std::string& name : names) {
      if (name == "input") {
        values.push_back(std::vector<float>(12, static_cast<float>(picture)));
      } else if (name == "pool") {
        values.push_back({1.0F, -2.0F * static_cast<float>(picture)});
      } else {
        values.push_back({-10.0F, 4.0F + static_cast<float>(picture)});
      }
    }
    return values;
  };
  int pictures = 0;
  const Calibration result =
      calibrate(network, fuse(network), 2, RangeRule::kMinMax, activations, [&] { ++pictures; });
  EXPECT_EQ(pictures, 2);
  EXPECT_EQ(result.ranges.at("last"), (Range{-10.0, 5.0}));
  EXPECT_EQ(result.ranges.at("first.batch_norm"), (Range{-3.0, 5.0}));  // as h-swish needs it
  EXPECT_THAT(result.means.at("input"), ElementsAre(0.5, 0.5, 0.5));
  EXPECT_THAT(result.means.at("pool"), ElementsAre(DoubleEq(1.0), DoubleEq(-1.0)));
}

TEST(Calibration, NamesTheLayerWithValuesThatAreNotFinite) {
  const Network network = small_network();
  const Activations broken = [](std::size_t, const std::vector<std::string>& names) {
    return std::vector<std::vector<float>>(names.size(), {std::numeric_limits<float>::infinity()});
  };
  EXPECT_THAT([&] { calibrate(network, fuse(network), 1, RangeRule::kMinMax, broken); },
              ThrowsMessage<std::invalid_argument>(
                  AllOf(HasSubstr("layer first.activation"), HasSubstr("not finite"))));
}

TEST(Calibration, RulesHaveNames) {
  EXPECT_EQ(range_rule("squared-error"), RangeRule::kSquaredError);
  EXPECT_THAT([] { range_rule("best"); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("minmax, percentile")));
}

}  // namespace
}  // namespace coco_mcu::lowering
