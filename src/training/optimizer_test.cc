#include "training/optimizer.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/zoo/zoo.h"

namespace coco_mcu::training {
namespace {

using Kind = OptimizerOptions::Kind;

/// One weight that an optimizer moves by gradients that the test gives.
class OneWeight {
 public:
  OneWeight(const OptimizerOptions& options, bool decays)
      : value_(torch::tensor({1.0F})),
        optimizer_(options, {{.name = "w", .value = value_, .decays = decays}}) {
    value_.set_requires_grad(true);
  }

  double step(float gradient, double learning_rate) {
    value_.mutable_grad() = torch::tensor({gradient});
    optimizer_.step(learning_rate, ++steps_);
    return value_.item<double>();
  }
  Optimizer& optimizer() { return optimizer_; }

 private:
  torch::Tensor value_;
  Optimizer optimizer_;
  std::int64_t steps_ = 0;
};

TEST(Optimizer, AdamFollowsItsPaper) {
  OneWeight weight({.kind = Kind::kAdam, .epsilon = 1e-8}, false);
  double expected = 1.0;
  double first = 0.0;
  double second = 0.0;
  int number = 0;
  for (const double gradient : {0.5, -0.25, 2.0}) {
    ++number;
    first = 0.9 * first + 0.1 * gradient;
    second = 0.999 * second + 0.001 * gradient * gradient;
    expected -= 0.1 * (first / (1.0 - std::pow(0.9, number))) /
                (std::sqrt(second / (1.0 - std::pow(0.999, number))) + 1e-8);
    EXPECT_NEAR(weight.step(static_cast<float>(gradient), 0.1), expected, 1e-5);
  }
}

TEST(Optimizer, AdamAddsDecayToTheGradient) {
  OneWeight decayed({.kind = Kind::kAdam, .weight_decay = 0.5}, true);
  OneWeight plain({.kind = Kind::kAdam}, false);
  EXPECT_DOUBLE_EQ(decayed.step(0.25F, 0.1), plain.step(0.75F, 0.1));
}

TEST(Optimizer, AdamWShrinksTheWeightItself) {
  OneWeight decayed({.kind = Kind::kAdamW, .weight_decay = 0.5}, true);
  OneWeight plain({.kind = Kind::kAdamW}, false);
  EXPECT_NEAR(decayed.step(0.25F, 0.1), plain.step(0.25F, 0.1) - 0.05, 1e-6);
}

TEST(Optimizer, SgdKeepsItsMomentum) {
  OneWeight weight({.kind = Kind::kSgd, .momentum = 0.5}, false);
  EXPECT_NEAR(weight.step(1.0F, 0.1), 0.9, 1e-6);
  EXPECT_NEAR(weight.step(0.0F, 0.1), 0.85, 1e-6);
}

TEST(Optimizer, ClipsAllGradientsTogether) {
  torch::Tensor a = torch::zeros({1});
  torch::Tensor b = torch::zeros({1});
  Optimizer optimizer({.kind = Kind::kSgd, .momentum = 0.0, .clip_norm = 1.0},
                      {{.name = "a", .value = a}, {.name = "b", .value = b}});
  a.mutable_grad() = torch::tensor({3.0F});
  b.mutable_grad() = torch::tensor({4.0F});
  optimizer.step(1.0, 1);
  EXPECT_NEAR(a.item<double>(), -0.6, 1e-6);
  EXPECT_NEAR(b.item<double>(), -0.8, 1e-6);
}

TEST(Optimizer, GoesOnFromItsSavedState) {
  const OptimizerOptions options{.kind = Kind::kAdam};
  torch::Tensor unbroken = torch::tensor({1.0F, 2.0F});
  torch::Tensor broken = unbroken.clone();
  Optimizer whole(options, {{.name = "w", .value = unbroken}});
  auto half = std::make_unique<Optimizer>(
      options, std::vector<OptimizedParameter>{{.name = "w", .value = broken}});
  for (std::int64_t step = 1; step <= 6; ++step) {
    if (step == 4) {
      network::Tensors saved;
      save("optimizer", half->state(), saved);
      half = std::make_unique<Optimizer>(
          options, std::vector<OptimizedParameter>{{.name = "w", .value = broken}});
      restore("optimizer", saved, half->state());
    }
    const torch::Tensor gradient = torch::tensor({0.1F * static_cast<float>(step), -0.2F});
    unbroken.mutable_grad() = gradient.clone();
    broken.mutable_grad() = gradient.clone();
    whole.step(0.01, step);
    half->step(0.01, step);
  }
  EXPECT_TRUE(torch::equal(unbroken, broken));
}

/// Names of the parameters that decay.
std::vector<std::string> decaying(const OptimizerOptions& options,
                                  const network::Quantizers& quantizers) {
  const NetworkModule module(network::tiny(), quantizers);
  std::vector<std::string> names;
  for (const OptimizedParameter& each : optimized_parameters(module, options)) {
    if (each.decays) names.push_back(each.name);
  }
  return names;
}

TEST(Optimizer, DecayLeavesAloneWhatBatchNormRescales) {
  const auto all = decaying({.weight_decay = 0.1, .decay = OptimizerOptions::Decay::kKernels}, {});
  const auto unscaled = decaying({.weight_decay = 0.1}, {});
  EXPECT_GT(all.size(), unscaled.size());
  EXPECT_FALSE(unscaled.empty());
  for (const std::string& name : all) {
    EXPECT_THAT(name, ::testing::Not(::testing::HasSubstr("batch_norm")));
    EXPECT_THAT(name, ::testing::EndsWith(".weight"));
  }
}

TEST(Optimizer, DecayLeavesAloneWhatALearnedStepRescales) {
  const auto unscaled = decaying({.weight_decay = 0.1}, {});
  ASSERT_FALSE(unscaled.empty());
  const std::string node = unscaled[0].substr(0, unscaled[0].rfind('.'));
  const network::Quantizers quantizers = {{.node = node,
                                           .tensor = network::QuantizedTensor::kWeight,
                                           .kind = network::QuantizerKind::kLearnedStep}};
  EXPECT_EQ(decaying({.weight_decay = 0.1}, quantizers).size(), unscaled.size() - 1);
}

TEST(Optimizer, QuantizersHaveTheirOwnRate) {
  const network::Quantizers quantizers = {{.node = "stem.conv",
                                           .tensor = network::QuantizedTensor::kWeight,
                                           .kind = network::QuantizerKind::kLearnedStep}};
  network::Network tiny = network::tiny();
  network::Quantizers placed = quantizers;
  placed[0].node = tiny.nodes[1].name;
  const NetworkModule module(tiny, placed);
  for (const OptimizedParameter& each :
       optimized_parameters(module, {.quantizer_rate_factor = 0.25})) {
    EXPECT_EQ(each.rate_factor, each.name.ends_with(".step") ? 0.25 : 1.0) << each.name;
  }
}

}  // namespace
}  // namespace coco_mcu::training
