#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "training/recipe.h"

namespace coco_mcu::training {
namespace {

using core::WeightFormat;
using Kind = Schedule::Kind;

double factor(const Schedule& schedule, std::int64_t step, std::int64_t warmup_steps = 0) {
  return schedule_factor(schedule, step, 1000, warmup_steps);
}

TEST(ScheduleFactor, ConstantStaysOne) {
  const Schedule schedule{.kind = Kind::kConstant};
  EXPECT_EQ(factor(schedule, 0), 1.0);
  EXPECT_EQ(factor(schedule, 999), 1.0);
}

TEST(ScheduleFactor, StepsExactlyAtItsMilestones) {
  const Schedule schedule{.kind = Kind::kStep, .milestones = {0.6, 0.8}, .factor = 0.1};
  EXPECT_EQ(factor(schedule, 599), 1.0);
  EXPECT_DOUBLE_EQ(factor(schedule, 600), 0.1);
  EXPECT_DOUBLE_EQ(factor(schedule, 799), 0.1);
  EXPECT_DOUBLE_EQ(factor(schedule, 800), 0.01);
}

TEST(ScheduleFactor, ExponentialIsHalfWayInLogarithms) {
  const Schedule schedule{.kind = Kind::kExponential, .final_factor = 0.01};
  EXPECT_EQ(factor(schedule, 0), 1.0);
  EXPECT_DOUBLE_EQ(factor(schedule, 500), 0.1);
  EXPECT_DOUBLE_EQ(factor(schedule, 1000), 0.01);
}

TEST(ScheduleFactor, CosineGoesFromOneToItsFinalFactor) {
  const Schedule schedule{.kind = Kind::kCosine, .final_factor = 0.1};
  EXPECT_DOUBLE_EQ(factor(schedule, 0), 1.0);
  EXPECT_DOUBLE_EQ(factor(schedule, 500), 0.55);
  EXPECT_DOUBLE_EQ(factor(schedule, 250), 0.1 + 0.9 * (1.0 + std::sqrt(0.5)) / 2.0);
  EXPECT_DOUBLE_EQ(factor(schedule, 1000), 0.1);
}

TEST(ScheduleFactor, WarmUpRisesInEqualStepsAndNeverStandsAtZero) {
  const Schedule schedule{.kind = Kind::kConstant};
  EXPECT_DOUBLE_EQ(factor(schedule, 0, 4), 0.2);
  EXPECT_DOUBLE_EQ(factor(schedule, 1, 4), 0.4);
  EXPECT_DOUBLE_EQ(factor(schedule, 3, 4), 0.8);
  EXPECT_DOUBLE_EQ(factor(schedule, 4, 4), 1.0);
}

TEST(ScheduleFactor, AStageWithoutStepsDividesByNothing) {
  EXPECT_EQ(schedule_factor({.kind = Kind::kCosine}, 0, 0, 0), 1.0);
}

QuantizationOptions particular() {
  QuantizationOptions options;
  options.weights = WeightFormat::kFourLevel2;
  options.first_layer = WeightFormat::kSigned8;
  options.depthwise = WeightFormat::kSigned4;
  options.last_layer = WeightFormat::kSigned8;
  options.layers = {{"bneck4", WeightFormat::kTernary2},
                    {"bneck4.depthwise", WeightFormat::kSigned8}};
  return options;
}

TEST(WeightFormatOf, OrdinaryLayersTakeTheFormatOfAll) {
  EXPECT_EQ(weight_format(particular(), "bneck3.expand", false, false, false),
            WeightFormat::kFourLevel2);
}

TEST(WeightFormatOf, FirstDepthwiseAndLastTakeTheirOwn) {
  EXPECT_EQ(weight_format(particular(), "first_layer", true, false, false), WeightFormat::kSigned8);
  EXPECT_EQ(weight_format(particular(), "bneck3.depthwise", false, true, false),
            WeightFormat::kSigned4);
  EXPECT_EQ(weight_format(particular(), "last_conv3", false, false, true), WeightFormat::kSigned8);
}

TEST(WeightFormatOf, ABlockCountsMoreThanAKindAndALayerMoreThanItsBlock) {
  EXPECT_EQ(weight_format(particular(), "bneck4.project", false, false, false),
            WeightFormat::kTernary2);
  EXPECT_EQ(weight_format(particular(), "bneck4.depthwise", false, true, false),
            WeightFormat::kSigned8);
}

TEST(WeightFormatOf, ABlocksNameIsNotThatOfAnotherWhichBeginsAlike) {
  EXPECT_EQ(weight_format(particular(), "bneck40.project", false, false, false),
            WeightFormat::kFourLevel2);
}

TEST(WeightFormatOf, FloatsHaveNone) {
  QuantizationOptions options;
  options.weights.reset();
  EXPECT_EQ(weight_format(options, "bneck3.expand", false, false, false), std::nullopt);
}

}  // namespace
}  // namespace coco_mcu::training
