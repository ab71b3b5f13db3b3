#include "training/loss.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace coco_mcu::training {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

/// One picture whose network says "shows it" with this probability.
torch::Tensor logits_of(double probability) {
  return torch::tensor({{0.0, std::log(probability / (1.0 - probability))}}, torch::kFloat);
}

double loss_of(double probability, float label, float teacher, double smoothing = 0.0,
               const DistillationOptions& distillation = {}) {
  const Targets targets{.labels = torch::tensor({label}), .teacher = torch::tensor({teacher})};
  return loss_sum(logits_of(probability), targets, smoothing, distillation).item<double>();
}

double cross_entropy(double target, double probability) {
  return -target * std::log(probability) - (1.0 - target) * std::log(1.0 - probability);
}

TEST(Loss, IsTheCrossEntropyOfTheLabel) {
  EXPECT_NEAR(loss_of(0.8, 1.0F, kUnknown), cross_entropy(1.0, 0.8), 1e-6);
  EXPECT_NEAR(loss_of(0.8, 0.0F, kUnknown), cross_entropy(0.0, 0.8), 1e-6);
}

TEST(Loss, SmoothsTheLabel) {
  EXPECT_NEAR(loss_of(0.8, 1.0F, kUnknown, 0.1), cross_entropy(0.95, 0.8), 1e-6);
}

TEST(Loss, SharesBetweenLabelAndTeacher) {
  EXPECT_NEAR(loss_of(0.8, 1.0F, 0.3F, 0.0, {.weight = 0.7}),
              0.3 * cross_entropy(1.0, 0.8) + 0.7 * cross_entropy(0.3, 0.8), 1e-6);
}

TEST(Loss, WithoutALabelTheTeacherHasAll) {
  EXPECT_NEAR(loss_of(0.8, kUnknown, 0.3F, 0.0, {.weight = 0.7}), cross_entropy(0.3, 0.8), 1e-6);
}

TEST(Loss, WithoutATeacherTheLabelHasAll) {
  EXPECT_NEAR(loss_of(0.8, 0.0F, kUnknown, 0.0, {.weight = 0.7}), cross_entropy(0.0, 0.8), 1e-6);
}

TEST(Loss, WithNeitherAPictureCountsNothing) {
  EXPECT_EQ(loss_of(0.8, kUnknown, kUnknown, 0.0, {.weight = 0.7}), 0.0);
  EXPECT_EQ(loss_of(0.8, kUnknown, 0.5F), 0.0);
}

TEST(Loss, TemperatureSoftensBoth) {
  const auto softened = [](double p) { return 1.0 / (1.0 + std::sqrt((1.0 - p) / p)); };
  EXPECT_NEAR(loss_of(0.8, kUnknown, 0.9F, 0.0, {.weight = 1.0, .temperature = 2.0}),
              4.0 * cross_entropy(softened(0.9), softened(0.8)), 1e-5);
}

TEST(Loss, ACertainTeacherIsFinite) {
  EXPECT_TRUE(std::isfinite(loss_of(0.8, kUnknown, 1.0F, 0.0, {.weight = 1.0})));
}

TEST(Loss, UnknownTargetsLeaveGradientsFinite) {
  const torch::Tensor logits = torch::zeros({3, 2}).requires_grad_();
  const Targets targets{.labels = torch::tensor({1.0F, kUnknown, kUnknown}),
                        .teacher = torch::tensor({kUnknown, 0.5F, kUnknown})};
  loss_sum(logits, targets, 0.1, {.weight = 0.5}).backward();
  EXPECT_TRUE(logits.grad().isfinite().all().item<bool>());
  EXPECT_EQ(logits.grad()[2].abs().sum().item<float>(), 0.0F);
}

}  // namespace
}  // namespace coco_mcu::training
