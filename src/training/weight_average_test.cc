#include "training/weight_average.h"

#include <gtest/gtest.h>

#include "network/zoo/zoo.h"

namespace coco_mcu::training {
namespace {

TEST(WeightAverage, BeginsAtTheWeights) {
  const NetworkModule module(network::tiny(), {});
  const WeightAverage average(module, 0.9);
  const auto parameters = module.named_parameters();
  for (const auto& [name, tensor] : average.state()) {
    EXPECT_TRUE(torch::equal(tensor, parameters[name])) << name;
  }
}

TEST(WeightAverage, FollowsWithItsDecay) {
  const torch::NoGradGuard no_grad;
  const NetworkModule module(network::tiny(), {});
  for (const torch::Tensor& parameter : module.parameters()) parameter.fill_(1.0);
  WeightAverage average(module, 0.9);
  for (const torch::Tensor& parameter : module.parameters()) parameter.fill_(2.0);
  average.update(1000);
  EXPECT_NEAR(average.state()[0].second.max().item<double>(), 1.1, 1e-6);
}

TEST(WeightAverage, AYoungAverageForgetsItsBeginning) {
  const torch::NoGradGuard no_grad;
  const NetworkModule module(network::tiny(), {});
  for (const torch::Tensor& parameter : module.parameters()) parameter.fill_(0.0);
  WeightAverage average(module, 0.999);
  for (const torch::Tensor& parameter : module.parameters()) parameter.fill_(1.0);
  average.update(1);
  EXPECT_NEAR(average.state()[0].second.max().item<double>(), 1.0 - 2.0 / 11.0, 1e-6);
}

}  // namespace
}  // namespace coco_mcu::training
