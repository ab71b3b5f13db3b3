#include "lowering/trained_quantizers.h"

#include <cmath>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/trained_ranges.h"

namespace coco_mcu::lowering {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using coco_mcu::testing::output_range;
using coco_mcu::testing::ternary_kernel;
using core::WeightFormat;
using network::QuantizedTensor;
using network::QuantizerKind;

network::Quantizer learned_step(WeightFormat format) {
  return {.node = "a",
          .tensor = QuantizedTensor::kWeight,
          .kind = QuantizerKind::kLearnedStep,
          .format = format};
}

TEST(TrainedQuantizers, AreACheckpointsListAndTensors) {
  const network::Quantizers quantizers = {learned_step(WeightFormat::kSigned4), {.node = "b"}};
  const network::Tensors tensors = {{"a.weight_quantizer.step", {{2}, {0.5F, 0.25F}}},
                                    {"b.output_quantizer.min", {{}, {-1.0F}}},
                                    {"b.output_quantizer.max", {{}, {3.0F}}}};
  const TrainedQuantizers trained = trained_quantizers(quantizers, tensors);
  ASSERT_THAT(trained, ::testing::SizeIs(2));
  EXPECT_EQ(trained[0].quantizer, quantizers[0]);
  EXPECT_THAT(trained[0].steps, ElementsAre(0.5F, 0.25F));
  EXPECT_EQ(trained[1], output_range("b", -1.0F, 3.0F));
}

TEST(TrainedQuantizers, WhatIsNoStepOrRangeIsNamed) {
  const auto expect_refusal = [](const network::Quantizer& quantizer,
                                 const network::Tensors& tensors, const char* reason) {
    EXPECT_THAT([&] { trained_quantizers({quantizer}, tensors); },
                ThrowsMessage<std::invalid_argument>(HasSubstr(reason)));
  };
  const network::Quantizer step = learned_step(WeightFormat::kSigned8);
  expect_refusal(step, {}, "a.weight_quantizer.step: is missing");
  expect_refusal(step, {{"a.weight_quantizer.step", {{2}, {1.0F, 0.0F}}}},
                 "a.weight_quantizer: has a step of no size");
  expect_refusal(
      {.node = "a"},
      {{"a.output_quantizer.min", {{}, {NAN}}}, {"a.output_quantizer.max", {{}, {1.0F}}}},
      "a.output_quantizer: has a range that is not finite");
}

TEST(TrainedQuantizers, WeightAndOutputOfANodeAreToldApart) {
  const TrainedQuantizers quantizers = {ternary_kernel("a", -1.0F, 1.0F),
                                        output_range("a", 0.0F, 2.0F)};
  EXPECT_EQ(find_quantizer(quantizers, "a", QuantizedTensor::kWeight), &quantizers[0]);
  EXPECT_EQ(find_quantizer(quantizers, "a", QuantizedTensor::kOutput), &quantizers[1]);
  EXPECT_EQ(find_quantizer(quantizers, "b", QuantizedTensor::kOutput), nullptr);
}

TEST(TrainedQuantizers, AFixedRangeIsNotNudged) {
  TrainedQuantizer mask = output_range("mask", 1.0F, 2.0F);
  EXPECT_EQ(grid_of(mask).low, 0.0F);
  mask.quantizer.kind = QuantizerKind::kFixedRange;
  const QuantizationGrid grid = grid_of(mask);
  EXPECT_EQ(grid.low, 1.0F);
  EXPECT_EQ(grid.high, 2.0F);
  EXPECT_EQ(grid.scale, 1.0F / 255.0F);
  EXPECT_EQ(fake_quantize(1.0F, grid), 1.0F);
  EXPECT_EQ(fake_quantize(0.3F, grid), 1.0F);
}

TEST(StepQuantize, RoundsHalvesToEvenAndClamps) {
  const auto levels = [](WeightFormat format, const std::vector<float>& u) {
    std::vector<float> found;
    for (const float each : u) found.push_back(step_quantize(0.5F * each, 0.5F, format) / 0.5F);
    return found;
  };
  EXPECT_THAT(levels(WeightFormat::kTernary2, {-3.0F, -0.51F, -0.5F, 0.5F, 0.51F, 9.0F}),
              ElementsAre(-1, -1, 0, 0, 1, 1));
  EXPECT_THAT(levels(WeightFormat::kFourLevel2, {-5.0F, -1.0F, -0.1F, 0.0F, 0.9F, 1.0F, 5.0F}),
              ElementsAre(-1.5F, -0.5F, -0.5F, 0.5F, 0.5F, 1.5F, 1.5F));
  EXPECT_THAT(levels(WeightFormat::kSigned4, {-9.0F, -2.5F, -1.5F, 2.5F, 3.5F, 7.5F}),
              ElementsAre(-7, -2, -2, 2, 4, 7));
  EXPECT_THAT(levels(WeightFormat::kSigned8, {-128.0F, -126.5F, 0.5F, 126.5F, 200.0F}),
              ElementsAre(-127, -126, 0, 126, 127));
}

// The range [-0.7, 0.5] of two narrow bits: three levels 0.6 apart, the zero point 1 + 0.7 / 0.6
// rounded to 2.
TEST(TrainedQuantizers, NarrowTwoBitsAreThreeLevelsAroundZero) {
  const TrainedQuantizer quantizer = ternary_kernel("a", -0.7F, 0.5F);
  const QuantizationGrid grid = grid_of(quantizer);
  EXPECT_FLOAT_EQ(grid.scale, 0.6F);
  EXPECT_FLOAT_EQ(fake_quantize(-5.0F, grid), -0.6F);
  EXPECT_FLOAT_EQ(fake_quantize(-0.31F, grid), -0.6F);
  EXPECT_EQ(fake_quantize(0.29F, grid), 0.0F);
  EXPECT_FLOAT_EQ(fake_quantize(0.31F, grid), 0.6F);
}

TEST(TrainedQuantizers, QuantizingTwiceIsQuantizingOnce) {
  const QuantizationGrid grid = grid_of(output_range("a", -1.234F, 4.321F));
  for (float x = -2.0F; x < 5.0F; x += 0.01F) {
    const float once = fake_quantize(x, grid);
    EXPECT_EQ(fake_quantize(once, grid), once) << x;
  }
}

TEST(TrainedQuantizers, AnEmptyRangeIsZero) {
  EXPECT_EQ(fake_quantize(3.0F, grid_of(output_range("a", 0.0F, 0.0F))), 0.0F);
}

TEST(TrainedQuantizers, EffectiveWeightsAreOnTheGridAndTheRestIsUntouched) {
  const network::Tensors tensors = {{"a.weight", {{4, 1, 1, 1}, {-0.9F, 0.1F, 0.4F, 0.6F}}},
                                    {"b.weight", {{1, 1, 1, 1}, {0.1F}}}};
  const TrainedQuantizers quantizers = {ternary_kernel("a", -1.0F, 1.0F),
                                        output_range("b", -1.0F, 1.0F)};
  const network::Tensors effective = effective_weights(tensors, quantizers);
  EXPECT_THAT(effective.at("a.weight").values, ElementsAre(-1.0F, 0.0F, 0.0F, 1.0F));
  EXPECT_THAT(effective.at("b.weight").values, ElementsAre(0.1F));
}

TEST(TrainedQuantizers, EachChannelHasAStepOfItsOwn) {
  const network::Tensors tensors = {{"a.weight", {{2, 1, 1, 2}, {0.9F, 0.1F, 0.9F, -2.0F}}}};
  const TrainedQuantizers quantizers = {
      {.quantizer = learned_step(WeightFormat::kTernary2), .steps = {1.0F, 0.5F}}};
  EXPECT_THAT(effective_weights(tensors, quantizers).at("a.weight").values,
              ElementsAre(1.0F, 0.0F, 0.5F, -0.5F));
  const TrainedQuantizers too_many = {
      {.quantizer = learned_step(WeightFormat::kTernary2), .steps = {1.0F, 1.0F, 1.0F}}};
  EXPECT_THAT([&] { effective_weights(tensors, too_many); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("3 steps for 4 weights")));
}

TEST(TrainedQuantizers, AQuantizerOfNoKernelIsRefused) {
  EXPECT_THAT([] { effective_weights({}, {ternary_kernel("a.relu", -1.0F, 1.0F)}); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("a.relu.weight_quantizer")));
}

}  // namespace
}  // namespace coco_mcu::lowering
