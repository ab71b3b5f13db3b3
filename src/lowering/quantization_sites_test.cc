#include "lowering/quantization_sites.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowering/calibration.h"
#include "lowering/quantize_grids.h"
#include "network/blocks.h"
#include "network/zoo/zoo.h"
#include "tests/support/trained_ranges.h"

namespace coco_mcu::lowering {
namespace {

using network::Builder;
using network::Network;
using network::NodeId;
using network::Op;
using ::testing::ElementsAre;

constexpr core::Preprocessing kPlain = {.height = 8, .width = 8};

/// A bottleneck with everything, a mask that is multiplied, a classifier.
Network with_mask() {
  Builder net("masked");
  NodeId x = net.input({8, 8, 3});
  x = conv_norm(net, "first", x, {.filters = 4, .kernel = 3, .activation = Op::kHardSwish});
  const NodeId mask = net.activation("mask", net.max_pool("pool", x, 2, 2), Op::kSigmoidPlusOne);
  x = bottleneck(net, "bneck", x,
                 {.expand = 8, .filters = 4, .squeeze_excite = true, .residual = true});
  x = net.multiply("product", x, net.upsample("up", mask, 2));
  x = net.global_average_pool("average", x);
  net.softmax("probs", net.conv("logits", x, {.filters = 2, .bias = true}));
  return net.finish({"a", "b"});
}

std::vector<std::string> names_of(const std::vector<network::ActivationSite>& sites) {
  std::vector<std::string> names;
  for (const network::ActivationSite& each : sites) names.push_back(each.node);
  return names;
}

TEST(QuantizationSites, AreWhereTheIntegerModelHasCodes) {
  const auto sites = quantization_sites(with_mask(), kPlain);
  EXPECT_THAT(
      names_of(sites.activations),
      ElementsAre("input", "first.batch_norm", "first.activation", "mask",
                  "bneck.expand.activation", "bneck.depthwise.batch_norm",
                  "bneck.depthwise.squeeze_excite.pool", "bneck.depthwise.squeeze_excite.relu",
                  "bneck.depthwise.squeeze_excite.gate", "bneck.depthwise.activation",
                  "bneck.project.batch_norm", "bneck.add", "product", "average", "logits"));
}

TEST(QuantizationSites, SayWhichRangesAreFixed) {
  for (const network::ActivationSite& each : quantization_sites(with_mask(), kPlain).activations) {
    const bool is_fixed = each.node == "input" || each.node == "mask" ||
                          each.node == "bneck.depthwise.squeeze_excite.gate";
    EXPECT_EQ(each.is_fixed, is_fixed) << each.node;
    if (!is_fixed) continue;
    const double low = each.node == "mask" ? 1.0 : 0.0;
    EXPECT_DOUBLE_EQ(each.minimum, low) << each.node;
    EXPECT_DOUBLE_EQ(each.maximum, low + 1.0) << each.node;
  }
}

TEST(QuantizationSites, NameKernelsAndTheirPlaces) {
  const auto weights = quantization_sites(with_mask(), kPlain).weights;
  std::vector<std::string> layers;
  for (const network::WeightSite& each : weights) layers.push_back(each.layer);
  EXPECT_THAT(layers,
              ElementsAre("first", "bneck.expand", "bneck.depthwise",
                          "bneck.depthwise.squeeze_excite.squeeze",
                          "bneck.depthwise.squeeze_excite.excite", "bneck.project", "logits"));
  for (const network::WeightSite& each : weights) {
    EXPECT_EQ(each.is_first, each.layer == "first");
    EXPECT_EQ(each.is_last, each.layer == "logits");
    EXPECT_EQ(each.is_depthwise, each.layer == "bneck.depthwise");
  }
  EXPECT_EQ(weights[0].node, "first.conv");
  EXPECT_EQ(weights.back().node, "logits");
}

/// For each zoo network: fixed sites and those that pictures would be needed for are all there are.
TEST(QuantizationSites, AreFixedOrCalibrated) {
  for (const network::ZooEntry& entry : network::zoo()) {
    const Network network = entry.build();
    const core::Preprocessing preprocessing = {.height = network.input().output.height,
                                               .width = network.input().output.width};
    std::vector<std::string> learned;
    for (const auto& each : quantization_sites(network, preprocessing).activations) {
      if (!each.is_fixed) learned.push_back(each.node);
    }
    std::vector<std::string> calibrated;
    for (const NodeId id : nodes_to_calibrate(fuse(network))) {
      calibrated.push_back(network.nodes[id].name);
    }
    EXPECT_EQ(learned, calibrated) << entry.name;
  }
}

/// The grid that lowering takes at a site is its quantizer's: scale and zero point.
TEST(QuantizationSites, GridsAreThoseOfTheirQuantizers) {
  const Network network = with_mask();
  const FusedNetwork operators = fuse(network);
  const core::Preprocessing preprocessing = {.height = 8,
                                             .width = 8,
                                             .resize = core::Resize::kBilinear,
                                             .mean = {0.485F, 0.456F, 0.406F},
                                             .deviation = {0.229F, 0.224F, 0.225F}};
  TrainedQuantizers quantizers;
  float next = 0.37F;
  for (const auto& site : quantization_sites(network, preprocessing).activations) {
    next = std::fmod(next * 1.7F, 5.0F) + 0.1F;
    auto quantizer = coco_mcu::testing::output_range(site.node, -next, 1.3F * next);
    if (site.is_fixed) {
      quantizer = coco_mcu::testing::output_range(site.node, static_cast<float>(site.minimum),
                                                  static_cast<float>(site.maximum));
      quantizer.quantizer.kind = network::QuantizerKind::kFixedRange;
    }
    quantizers.push_back(quantizer);
  }
  const auto grids = operator_grids(network, operators,
                                    trained_ranges(network, operators, quantizers), preprocessing);
  const auto sites = operator_sites(operators, code_grid(input_range(preprocessing)));
  const auto expect_same = [&](NodeId node, const CodeGrid& codes) {
    const std::string& name = network.nodes[node].name;
    const auto* quantizer = find_quantizer(quantizers, name, network::QuantizedTensor::kOutput);
    ASSERT_NE(quantizer, nullptr) << name;
    const QuantizationGrid grid = grid_of(*quantizer);
    EXPECT_NEAR(codes.scale / grid.scale, 1.0, 1e-6) << name;
    EXPECT_EQ(codes.zero_point, std::lround(-grid.low / grid.scale)) << name;
  };
  for (std::size_t i = 0; i < operators.size(); ++i) {
    if (sites[i].output) expect_same(sites[i].output->node, grids[i].output);
    if (sites[i].before_table) expect_same(sites[i].before_table->node, grids[i].codes);
  }
}

}  // namespace
}  // namespace coco_mcu::lowering
