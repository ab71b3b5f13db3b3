#include "training/named_tensors.h"

#include <utility>

#include <gtest/gtest.h>

#include "network/builder.h"
#include "training/checkpoint_loading.h"

namespace coco_mcu::training {
namespace {

/// Two convolutions, the first of so many channels.
network::Network two_layers(int channels) {
  network::Builder net("two_layers");
  network::NodeId x = net.conv("first", net.input({6, 6, 3}), {.filters = channels, .kernel = 3});
  x = net.activation("relu", net.batch_norm("norm", x), network::Op::kRelu);
  x = net.depthwise_conv("depthwise", x, 3, 1);
  x = net.global_average_pool("average", net.conv("second", x, {.filters = 2}));
  net.softmax("probs", x);
  return net.finish({"no", "yes"});
}

std::shared_ptr<NetworkModule> random_module(int channels, std::uint64_t seed) {
  torch::manual_seed(seed);
  auto module = std::make_shared<NetworkModule>(two_layers(channels), network::Quantizers{});
  module->eval();
  return module;
}

TEST(CopyOverlap, AWiderNetworkComputesWhatTheNarrowerDid) {
  const torch::NoGradGuard no_grad;
  const auto narrow = random_module(5, 1);
  const auto wide = random_module(8, 2);
  const torch::Tensor x = torch::randn({4, 3, 6, 6});
  EXPECT_FALSE(torch::allclose(wide->forward(x), narrow->forward(x), 1e-3, 1e-3));
  EXPECT_EQ(copy_overlap(state_of(*narrow), tensors_of(*wide)), 7);
  EXPECT_TRUE(torch::allclose(wide->forward(x), narrow->forward(x), 1e-5, 1e-6));
}

TEST(CopyOverlap, ANarrowerNetworkTakesTheFirstChannels) {
  const auto narrow = random_module(5, 1);
  const auto wide = random_module(8, 2);
  copy_overlap(state_of(*wide), tensors_of(*narrow));
  const auto weight = [](const NetworkModule& module) {
    for (const auto& [name, tensor] : tensors_of(module)) {
      if (name == "first.weight") return tensor;
    }
    return torch::Tensor();
  };
  EXPECT_TRUE(torch::equal(weight(*narrow), weight(*wide).narrow(0, 0, 5)));
}

TEST(CopyOverlap, WhatTheSourceLacksStays) {
  const auto module = random_module(5, 1);
  const network::Tensors before = state_of(*module);
  EXPECT_EQ(copy_overlap({{"first.bias", {{5}, std::vector<float>(5)}},
                          {"norm.weight", {{5, 1}, std::vector<float>(5)}}},
                         tensors_of(*module)),
            0);
  EXPECT_EQ(state_of(*module), before);
}

}  // namespace
}  // namespace coco_mcu::training
