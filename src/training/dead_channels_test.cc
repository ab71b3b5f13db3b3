#include "training/dead_channels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/zoo/zoo.h"
#include "training/health.h"
#include "training/named_tensors.h"

namespace coco_mcu::training {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The first batch norm of the tiny network.
class DeadChannels : public ::testing::Test {
 protected:
  DeadChannels() : module_(network::tiny(), {}) {
    for (const auto& [name, tensor] : tensors_of(module_)) {
      if (!gain_.defined() && name.ends_with("batch_norm.weight")) gain_ = tensor;
      if (!kernel_.defined() && name.ends_with("conv.weight")) kernel_ = tensor;
    }
  }

  NetworkModule module_;
  torch::Tensor gain_;
  torch::Tensor kernel_;
};

TEST_F(DeadChannels, AFreshNetworkHasNone) {
  for (const ChannelCount& each : count_dead_channels(module_)) EXPECT_EQ(each.dead, 0);
  EXPECT_THAT(reinitialize_dead_channels(module_), IsEmpty());
  EXPECT_THAT(health(module_, nullptr), IsEmpty());
}

TEST_F(DeadChannels, AreCountedAndNamed) {
  gain_[2].fill_(1e-9);
  EXPECT_EQ(count_dead_channels(module_)[0].dead, 1);
  EXPECT_THAT(health(module_, nullptr), Contains(HasSubstr("channels dead, most in: first_layer")));
}

TEST_F(DeadChannels, AWholeLayerIsADeadBranch) {
  gain_.fill_(0.0);
  EXPECT_THAT(health(module_, nullptr), Contains(HasSubstr("dead branches")));
}

TEST_F(DeadChannels, SilentOnesStaySilentOverAStep) {
  gain_.fill_(0.5);
  gain_[2].fill_(1e-6);
  silence_dead_channels(module_);
  EXPECT_EQ(gain_[2].item<float>(), 0.0F);
  SilentChannels silent(module_);
  silent.before_step();
  gain_.add_(0.25);
  silent.after_step();
  EXPECT_EQ(gain_[2].item<float>(), 0.0F);
  EXPECT_EQ(gain_[1].item<float>(), 0.75F);
}

TEST_F(DeadChannels, AreDrawnAnewAndTheOthersStay) {
  gain_.fill_(0.5);
  gain_[2].fill_(0.0);
  kernel_[2].fill_(0.0);
  const torch::Tensor other = kernel_[1].clone();
  const auto drawn = reinitialize_dead_channels(module_);
  ASSERT_EQ(drawn.size(), 1U);
  EXPECT_EQ(drawn[0].dead, 1);
  EXPECT_GT(kernel_[2].abs().sum().item<double>(), 0.0);
  EXPECT_EQ(gain_[2].item<float>(), 0.5F);
  EXPECT_TRUE(torch::equal(kernel_[1], other));
}

}  // namespace
}  // namespace coco_mcu::training
