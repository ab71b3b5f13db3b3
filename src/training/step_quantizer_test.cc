#include "training/step_quantizer.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::training {
namespace {

using core::WeightFormat;
using testing::ElementsAre;
using testing::FloatNear;

constexpr WeightFormat kFormats[] = {WeightFormat::kTernary2, WeightFormat::kFourLevel2,
                                     WeightFormat::kSigned4, WeightFormat::kSigned8};

std::vector<float> values_of(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.to(torch::kFloat).contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

/// One channel.
torch::Tensor row(const std::vector<float>& values) {
  return torch::tensor(values).view({1, -1});
}

torch::Tensor random_weights() {
  torch::manual_seed(5);
  return torch::randn({7, 5, 3, 3}).contiguous(torch::MemoryFormat::ChannelsLast);
}

float unit(WeightFormat format) {
  return format == WeightFormat::kFourLevel2 ? 0.5F : 1.0F;
}

TEST(StepQuantize, TernaryRoundsToThreeLevels) {
  const torch::Tensor weight = row({-9.0F, -1.1F, -0.9F, 0.0F, 0.99F, 1.01F, 3.0F});
  const torch::Tensor y = step_quantize(weight, torch::tensor({2.0F}), WeightFormat::kTernary2);
  EXPECT_THAT(values_of(y), ElementsAre(-2, -2, 0, 0, 0, 2, 2));
}

TEST(StepQuantize, FourLevelsStandBetweenMultiplesOfTheStep) {
  const torch::Tensor weight = row({-9.0F, -2.1F, -1.9F, -0.1F, 0.0F, 1.9F, 2.0F, 9.0F});
  const torch::Tensor step = torch::tensor({2.0F});
  EXPECT_THAT(values_of(step_quantize(weight, step, WeightFormat::kFourLevel2)),
              ElementsAre(-3, -3, -1, -1, 1, 1, 3, 3));
  EXPECT_THAT(values_of(levels(weight, step, WeightFormat::kFourLevel2)),
              ElementsAre(-3, -3, -1, -1, 1, 1, 3, 3));
}

TEST(StepQuantize, FourBitsAreSymmetric) {
  const torch::Tensor weight = row({-90.0F, -8.0F, 7.4F, 90.0F});
  EXPECT_THAT(values_of(step_quantize(weight, torch::tensor({1.0F}), WeightFormat::kSigned4)),
              ElementsAre(-7, -7, 7, 7));
}

TEST(StepQuantize, EightBitsAreSymmetric) {
  const torch::Tensor weight = row({-500.0F, -127.6F, 126.6F, 500.0F});
  EXPECT_THAT(values_of(step_quantize(weight, torch::tensor({1.0F}), WeightFormat::kSigned8)),
              ElementsAre(-127, -127, 127, 127));
}

TEST(StepQuantize, HalvesRoundToEven) {
  const torch::Tensor weight = row({-2.5F, -1.5F, 0.5F, 1.5F, 2.5F});
  EXPECT_THAT(values_of(step_quantize(weight, torch::tensor({1.0F}), WeightFormat::kSigned4)),
              ElementsAre(-2, -2, 0, 2, 2));
}

TEST(StepQuantize, IsTheStepTimesTheLevelToTheBit) {
  const torch::Tensor weight = random_weights();
  const torch::Tensor step = torch::rand({7}) + 0.05F;
  for (const WeightFormat format : kFormats) {
    const torch::Tensor integers = levels(weight, step, format);
    EXPECT_EQ(integers.scalar_type(), torch::kChar);
    const torch::Tensor scale = (step * unit(format)).view({7, 1, 1, 1});
    EXPECT_TRUE(
        torch::equal(step_quantize(weight, step, format), scale * integers.to(torch::kFloat)));
  }
}

TEST(StepQuantize, KeepsTheMemoryFormat) {
  const torch::Tensor weight = random_weights().requires_grad_();
  const torch::Tensor step = torch::full({7}, 0.3F).requires_grad_();
  for (const WeightFormat format : kFormats) {
    const torch::Tensor y = step_quantize(weight, step, format);
    EXPECT_TRUE(y.is_contiguous(torch::MemoryFormat::ChannelsLast));
    const torch::Tensor same = step_quantize(weight.contiguous(), step, format);
    EXPECT_TRUE(torch::equal(y, same));
  }
}

/// Gradients of sum(y * factors) to the weights and the step of one channel.
struct Gradients {
  torch::Tensor weight;
  torch::Tensor step;
};

Gradients gradients(const torch::Tensor& weight, const torch::Tensor& step,
                    const torch::Tensor& factors, WeightFormat format) {
  const torch::Tensor w = weight.clone().requires_grad_();
  const torch::Tensor s = step.clone().requires_grad_();
  (step_quantize(w, s, format) * factors).sum().backward();
  return {w.grad(), s.grad()};
}

TEST(StepQuantize, GradientPassesInsideTheOutermostCellsOnly) {
  const torch::Tensor step = torch::tensor({2.0F});
  const torch::Tensor factors = row({1, 2, 3, 4, 5, 6});
  const torch::Tensor weight = row({-4.1F, -3.1F, -2.9F, 0.1F, 2.9F, 4.1F});
  EXPECT_THAT(values_of(gradients(weight, step, factors, WeightFormat::kTernary2).weight),
              ElementsAre(0, 0, 3, 4, 5, 0));
  EXPECT_THAT(values_of(gradients(weight, step, factors, WeightFormat::kFourLevel2).weight),
              ElementsAre(0, 2, 3, 4, 5, 0));
}

/// The formula of the header, weight by weight.
float expected_step_gradient(const std::vector<float>& weights, const std::vector<float>& factors,
                             float step, WeightFormat format, double largest_level) {
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double u = static_cast<double>(weights[i]) / static_cast<double>(step);
    double level = 0.0;
    bool inside = false;
    if (format == WeightFormat::kFourLevel2) {
      inside = u >= -2.0 && u < 2.0;
      level = std::min(std::max(std::floor(u), -2.0), 1.0) + 0.5;
    } else {
      inside = std::abs(u) < largest_level + 0.5;
      level = std::min(std::max(std::nearbyint(u), -largest_level), largest_level);
    }
    sum += static_cast<double>(factors[i]) * (inside ? level - u : level);
  }
  return static_cast<float>(sum / std::sqrt(static_cast<double>(weights.size()) * largest_level));
}

TEST(StepQuantize, StepGradientIsThatOfLearnedStepSizes) {
  const double largest[] = {1.0, 1.5, 7.0, 127.0};
  const float steps[] = {1.1F, 0.9F, 0.2F, 0.02F};
  const torch::Tensor weight = random_weights();
  const torch::Tensor factors = torch::randn_like(weight);
  for (std::size_t f = 0; f < std::size(kFormats); ++f) {
    const torch::Tensor step = torch::full({7}, steps[f]);
    const torch::Tensor gradient = gradients(weight, step, factors, kFormats[f]).step;
    for (int c = 0; c < 7; ++c) {
      EXPECT_NEAR(gradient[c].item<float>(),
                  expected_step_gradient(values_of(weight[c]), values_of(factors[c]), steps[f],
                                         kFormats[f], largest[f]),
                  2e-4)
          << "format " << f << ", channel " << c;
    }
  }
}

TEST(StepQuantize, SaturatedWeightsGiveTheStepItsFiniteDifference) {
  const torch::Tensor weight = row({30.0F, -40.0F, 55.0F});
  const torch::Tensor factors = row({1.0F, 2.0F, -4.0F});
  const auto value = [&](float step, WeightFormat format) {
    return (step_quantize(weight, torch::tensor({step}), format) * factors).sum().item<float>();
  };
  const std::pair<WeightFormat, double> cases[] = {{WeightFormat::kTernary2, 1.0},
                                                   {WeightFormat::kFourLevel2, 1.5},
                                                   {WeightFormat::kSigned4, 7.0}};
  for (const auto& [format, largest_level] : cases) {
    const float difference = (value(1.25F, format) - value(0.75F, format)) / 0.5F;
    const torch::Tensor gradient = gradients(weight, torch::tensor({1.0F}), factors, format).step;
    EXPECT_NEAR(gradient.item<float>() * std::sqrt(3.0 * largest_level), difference, 1e-3);
  }
}

double squared_error(const torch::Tensor& weight, float step, WeightFormat format) {
  const torch::Tensor y = step_quantize(weight, torch::full({weight.size(0)}, step), format);
  return (y - weight).square().sum().item<double>();
}

TEST(InitialSteps, AreTheBestOnAFineScan) {
  torch::manual_seed(6);
  const torch::Tensor weight = torch::randn({1, 4000});
  for (const WeightFormat format : kFormats) {
    double least = 1e30;
    for (float step = 0.005F; step < 2.0F; step *= 1.01F)
      least = std::min(least, squared_error(weight, step, format));
    const auto step = initial_steps(weight, format).item<float>();
    EXPECT_LT(squared_error(weight, step, format), least * 1.003);
  }
}

TEST(InitialSteps, OfATernaryGaussianFollowItsDeviation) {
  torch::manual_seed(7);
  const torch::Tensor weight =
      torch::randn({2, 9, 40, 40}) * torch::tensor({1.0F, 0.1F}).view({2, 1, 1, 1});
  const torch::Tensor steps = initial_steps(weight, WeightFormat::kTernary2);
  EXPECT_THAT(values_of(steps), ElementsAre(FloatNear(1.22F, 0.03F), FloatNear(0.122F, 0.003F)));
}

TEST(InitialSteps, ReachOneLargeWeightAmongZeros) {
  torch::Tensor weight = torch::zeros({1, 1000});
  weight[0][3] = 2.0F;
  for (const WeightFormat format : {WeightFormat::kTernary2, WeightFormat::kSigned8}) {
    const torch::Tensor y = step_quantize(weight, initial_steps(weight, format), format);
    EXPECT_NEAR(y[0][3].item<float>(), 2.0F, 0.02F);
  }
}

TEST(InitialSteps, ArePositiveForAChannelOfZeros) {
  torch::Tensor weight = random_weights().clone();
  weight[2].zero_();
  for (const WeightFormat format : kFormats) {
    const torch::Tensor steps = initial_steps(weight, format);
    EXPECT_EQ(steps.sizes(), (std::vector<std::int64_t>{7}));
    EXPECT_TRUE((steps > 0.0).all().item<bool>());
    EXPECT_TRUE(steps.isfinite().all().item<bool>());
  }
}

}  // namespace
}  // namespace coco_mcu::training
