#include "training/stage_quantizers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/zoo/zoo.h"

namespace coco_mcu::training {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

network::QuantizationSites sites() {
  return {
      .activations = {{.node = "input", .is_fixed = true, .minimum = -2.0F, .maximum = 2.0F},
                      {.node = "stem.activation"}},
      .weights = {
          {.node = "stem.conv", .layer = "stem", .is_first = true},
          {.node = "bneck1.depthwise.conv", .layer = "bneck1.depthwise", .is_depthwise = true}}};
}

QuantizationOptions learned() {
  QuantizationOptions options;
  options.scheme = QuantizationOptions::Scheme::kLearned;
  options.weights = core::WeightFormat::kFourLevel2;
  options.first_layer = core::WeightFormat::kSigned8;
  return options;
}

TEST(StageQuantizers, FloatsHaveNone) {
  EXPECT_THAT(stage_quantizers({}, sites(), network::tiny()), IsEmpty());
}

TEST(StageQuantizers, KernelsGetTheirFormats) {
  const auto quantizers = stage_quantizers(learned(), sites(), network::tiny());
  ASSERT_EQ(quantizers.size(), 4U);
  EXPECT_EQ(quantizers[0].format, core::WeightFormat::kSigned8);
  EXPECT_EQ(quantizers[1].format, core::WeightFormat::kFourLevel2);
  EXPECT_EQ(quantizers[1].kind, network::QuantizerKind::kLearnedStep);
}

TEST(StageQuantizers, RangesAreFixedOrLearned) {
  const auto quantizers = stage_quantizers(learned(), sites(), network::tiny());
  EXPECT_EQ(quantizers[2].kind, network::QuantizerKind::kFixedRange);
  EXPECT_EQ(quantizers[3].kind, network::QuantizerKind::kLearnedRange);
  EXPECT_EQ(quantizers[3].node, "stem.activation");
}

TEST(StageQuantizers, WeightsAlone) {
  QuantizationOptions options = learned();
  options.activations = false;
  EXPECT_EQ(stage_quantizers(options, sites(), network::tiny()).size(), 2U);
}

TEST(StageQuantizers, TheTrainingOf2019TracksRanges) {
  QuantizationOptions options;
  options.scheme = QuantizationOptions::Scheme::kTfContrib2019;
  const auto quantizers = stage_quantizers(options, {}, network::coco_mcu());
  ASSERT_FALSE(quantizers.empty());
  EXPECT_EQ(quantizers[0].kind, network::QuantizerKind::kTrackedRange);
}

TEST(StageQuantizers, AnUnknownLayerIsNamed) {
  QuantizationOptions options = learned();
  options.layers["bneck9"] = core::WeightFormat::kSigned4;
  EXPECT_THAT([&] { stage_quantizers(options, sites(), network::tiny()); },
              ThrowsMessage<std::runtime_error>(HasSubstr("bneck9")));
}

TEST(StageQuantizers, ABlockCountsForItsLayers) {
  QuantizationOptions options = learned();
  options.layers["bneck1"] = core::WeightFormat::kSigned4;
  const auto quantizers = stage_quantizers(options, sites(), network::tiny());
  EXPECT_EQ(quantizers[1].format, core::WeightFormat::kSigned4);
}

}  // namespace
}  // namespace coco_mcu::training
