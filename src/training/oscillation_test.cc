#include "training/oscillation.h"

#include <gtest/gtest.h>

#include "network/zoo/zoo.h"
#include "training/step_quantizer.h"

namespace coco_mcu::training {
namespace {

/// The first layer of the tiny network on a grid.
class Oscillation : public ::testing::TestWithParam<core::WeightFormat> {
 protected:
  Oscillation()
      : module_(network::tiny(), {{.node = "first_layer.conv",
                                   .tensor = network::QuantizedTensor::kWeight,
                                   .kind = network::QuantizerKind::kLearnedStep,
                                   .format = GetParam()}}) {
    const torch::NoGradGuard no_grad;
    const auto learned = module_.learned_steps().at(0);
    weight_ = learned.weight.detach();
    step_ = learned.step.detach();
    step_.fill_(0.5);
    weight_.fill_(0.1);
  }

  torch::Tensor standing() const { return levels(weight_, step_, GetParam()); }

  NetworkModule module_;
  torch::Tensor weight_;
  torch::Tensor step_;
};

TEST_P(Oscillation, WeightsThatStayDoNotOscillate) {
  OscillationGuard guard(module_);
  for (int i = 0; i < 20; ++i) guard.update(0.02);
  EXPECT_EQ(guard.shares().oscillating, 0.0);
  EXPECT_EQ(guard.shares().frozen, 0.0);
}

TEST_P(Oscillation, AWayInOneDirectionIsNoOscillation) {
  OscillationGuard guard(module_);
  for (const double value : {-0.4, -0.1, 0.1, 0.4, 0.7}) {
    weight_.fill_(value);
    guard.update(0.02);
  }
  EXPECT_EQ(guard.shares().frozen, 0.0);
}

TEST_P(Oscillation, WhatJumpsToAndFroIsFrozenOnItsLevel) {
  OscillationGuard guard(module_);
  const torch::Tensor one = weight_[0][0][0][1];
  for (int i = 0; i < 12; ++i) {
    one.fill_(i % 2 == 0 ? -0.4 : 0.4);
    guard.update(0.02);
  }
  EXPECT_NEAR(guard.shares().frozen, 1.0 / static_cast<double>(weight_.numel()), 1e-9);
  const auto held = standing()[0][0][0][1].item<int>();
  one.fill_(5.0);
  step_.fill_(0.7);
  guard.update(0.02);
  EXPECT_EQ(standing()[0][0][0][1].item<int>(), held);
}

TEST_P(Oscillation, WithoutAThresholdNothingIsFrozen) {
  OscillationGuard guard(module_);
  for (int i = 0; i < 12; ++i) {
    weight_.fill_(i % 2 == 0 ? -0.4 : 0.4);
    guard.update(0.0);
  }
  EXPECT_EQ(guard.shares().frozen, 0.0);
  EXPECT_EQ(guard.shares().oscillating, 1.0);
}

TEST_P(Oscillation, GoesOnFromItsSavedState) {
  OscillationGuard guard(module_);
  for (int i = 0; i < 4; ++i) {
    weight_.fill_(i % 2 == 0 ? -0.4 : 0.4);
    guard.update(0.0);
  }
  network::Tensors saved;
  save("oscillation", guard.state(), saved);
  OscillationGuard again(module_);
  restore("oscillation", saved, again.state());
  EXPECT_EQ(again.shares().oscillating, guard.shares().oscillating);
}

INSTANTIATE_TEST_SUITE_P(Formats, Oscillation,
                         ::testing::Values(core::WeightFormat::kTernary2,
                                           core::WeightFormat::kFourLevel2,
                                           core::WeightFormat::kSigned4,
                                           core::WeightFormat::kSigned8));

}  // namespace
}  // namespace coco_mcu::training
