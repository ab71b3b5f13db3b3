#include "training/batch_norm_statistics.h"

#include <gtest/gtest.h>

#include "network/zoo/zoo.h"
#include "training/named_tensors.h"

namespace coco_mcu::training {
namespace {

torch::Tensor pictures(std::int64_t number) {
  torch::manual_seed(static_cast<std::uint64_t>(number) + 1);
  return torch::randn({4, 3, 64, 64}).contiguous(torch::MemoryFormat::ChannelsLast);
}

/// The first running mean.
torch::Tensor running_mean(const NetworkModule& module) {
  for (const auto& [name, tensor] : tensors_of(module)) {
    if (name.ends_with("running_mean")) return tensor.clone();
  }
  return {};
}

TEST(BatchNormStatistics, ForgetWhatTheyWere) {
  NetworkModule module(network::tiny(), {});
  reestimate_batch_norm(module, {}, 3, pictures);
  const torch::Tensor once = running_mean(module);
  reestimate_batch_norm(module, {}, 3, pictures);
  EXPECT_TRUE(torch::equal(running_mean(module), once));
  EXPECT_FALSE(module.is_training());
}

TEST(BatchNormStatistics, AreThePlainMeanOverTheBatches) {
  NetworkModule module(network::tiny(), {});
  torch::Tensor sum;
  for (std::int64_t i = 0; i < 3; ++i) {
    reestimate_batch_norm(module, {}, 1, [&](std::int64_t) { return pictures(i); });
    sum = i == 0 ? running_mean(module) : sum + running_mean(module);
  }
  reestimate_batch_norm(module, {}, 3, pictures);
  EXPECT_TRUE(torch::allclose(running_mean(module), sum / 3.0, 1e-4, 1e-6));
}

}  // namespace
}  // namespace coco_mcu::training
