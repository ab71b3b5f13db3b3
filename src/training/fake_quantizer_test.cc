#include "training/fake_quantizer.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace coco_mcu::training {
namespace {

std::vector<float> values_of(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

TEST(Nudge, MakesZeroAValueOfTheGrid) {
  const QuantizationGrid grid = nudge(-1.25F, 1.75F, 2, false);
  EXPECT_EQ(grid.scale, 1.0F);
  EXPECT_EQ(grid.low, -1.0F);
  EXPECT_EQ(grid.high, 2.0F);
}

TEST(Nudge, RoundsAZeroPointHalfwayAwayFromZero) {
  const QuantizationGrid grid = nudge(-1.5F, 1.5F, 2, false);
  EXPECT_EQ(grid.low, -2.0F);
  EXPECT_EQ(grid.high, 1.0F);
}

TEST(Nudge, NarrowRangeOfTwoBitsHasThreeValues) {
  const QuantizationGrid grid = nudge(-0.5F, 0.3F, 2, true);
  EXPECT_FLOAT_EQ(grid.scale, 0.4F);
  EXPECT_FLOAT_EQ(grid.low, -0.4F);  // zero point round(1 + 1.25) = 2
  EXPECT_FLOAT_EQ(grid.high, 0.4F);
}

TEST(Nudge, ClampsTheZeroPointToTheRange) {
  const QuantizationGrid positive = nudge(1.0F, 2.0F, 8, false);
  EXPECT_EQ(positive.low, 0.0F);
  EXPECT_FLOAT_EQ(positive.high, 1.0F);
  const QuantizationGrid negative = nudge(-2.0F, -1.0F, 8, false);
  EXPECT_EQ(negative.high, 0.0F);
}

TEST(FakeQuantize, RoundsHalvesUpFromTheLowEnd) {
  const QuantizationGrid grid = {.scale = 1.0F, .low = -2.0F, .high = 5.0F};
  const torch::Tensor x = torch::tensor({-9.0F, -2.0F, -1.5F, -0.51F, 0.49F, 0.5F, 4.4F, 7.0F});
  EXPECT_EQ(values_of(fake_quantize(x, grid)),
            (std::vector<float>{-2.0F, -2.0F, -1.0F, -1.0F, 0.0F, 1.0F, 4.0F, 5.0F}));
}

TEST(FakeQuantize, AnEmptyRangeGivesZero) {
  const torch::Tensor x = torch::tensor({-1.0F, 0.0F, 3.0F});
  EXPECT_EQ(values_of(fake_quantize(x, nudge(0.0F, 0.0F, 8, false))),
            (std::vector<float>{0.0F, 0.0F, 0.0F}));
}

TEST(FakeQuantize, GradientPassesStraightThroughInsideTheRangeOnly) {
  const QuantizationGrid grid = {.scale = 0.5F, .low = -1.0F, .high = 1.0F};
  const torch::Tensor x =
      torch::tensor({-1.1F, -1.0F, 0.2F, 1.0F, 1.1F}, torch::dtype(torch::kFloat)).requires_grad_();
  const torch::Tensor weights = torch::tensor({1.0F, 2.0F, 3.0F, 4.0F, 5.0F});
  (fake_quantize(x, grid) * weights).sum().backward();
  EXPECT_EQ(values_of(x.grad()), (std::vector<float>{0.0F, 2.0F, 3.0F, 4.0F, 0.0F}));
}

TEST(FakeQuantizer, WeightRangeFollowsTheLastTensor) {
  FakeQuantizer quantizer({.bits = 2, .narrow_range = true, .tracking = RangeTracking::kLastValue});
  quantizer.track(torch::tensor({-0.25F, 0.75F}));
  EXPECT_EQ(quantizer.minimum(), -0.25F);
  EXPECT_EQ(quantizer.maximum(), 0.75F);
}

TEST(FakeQuantizer, TheRangeContainsZero) {
  FakeQuantizer quantizer(
      {.bits = 8, .narrow_range = false, .tracking = RangeTracking::kLastValue});
  quantizer.track(torch::tensor({2.0F, 3.0F}));
  EXPECT_EQ(quantizer.minimum(), 0.0F);
  EXPECT_EQ(quantizer.maximum(), 3.0F);
}

TEST(FakeQuantizer, ActivationRangeMovesSlowly) {
  FakeQuantizer quantizer({});
  quantizer.set_range(-1.0F, 1.0F);
  quantizer.track(torch::tensor({-3.0F, 5.0F}));
  EXPECT_FLOAT_EQ(quantizer.minimum(), -1.0F * 0.999F - 3.0F * 0.001F);
  EXPECT_FLOAT_EQ(quantizer.maximum(), 1.0F * 0.999F + 5.0F * 0.001F);
}

TEST(FakeQuantizer, ExtremesComeFromAllProcesses) {
  FakeQuantizer quantizer({.tracking = RangeTracking::kLastValue});
  // The other process has seen -4 and 2.
  const LargestOverProcesses largest = [](torch::Tensor& x) {
    x = torch::maximum(x, torch::tensor({4.0F, 2.0F}));
  };
  quantizer.track(torch::tensor({-3.0F, 5.0F}), largest);
  EXPECT_EQ(quantizer.minimum(), -4.0F);
  EXPECT_EQ(quantizer.maximum(), 5.0F);
}

}  // namespace
}  // namespace coco_mcu::training
