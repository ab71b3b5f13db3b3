#include "lowering/kernel_pairs.h"

#include <cmath>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowering/parameters.h"
#include "lowering/quantize_weights.h"
#include "network/builder.h"

namespace coco_mcu::lowering {
namespace {

using network::Builder;
using network::Network;
using network::Node;
using network::Op;

Network small_network() {
  Builder net("small");
  auto x = net.input({8, 8, 3});
  {
    const Builder::Scope block(net, "block");
    {
      const Builder::Scope depthwise(net, "depthwise");
      x = net.depthwise_conv("conv", x, 3, 1);
      x = net.batch_norm("batch_norm", x);
      x = net.activation("activation", x, Op::kRelu);
    }
    x = net.conv("mix", x, {.filters = 4, .bias = true});
  }
  x = net.global_average_pool("pool", x);
  x = net.conv("decide", x, {.filters = 2});
  net.softmax("probs", x);
  return net.finish({"no person", "person"});
}

network::Tensors random_tensors(const Network& network) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0.0F, 1.0F);
  network::Tensors tensors;
  for (const network::Parameter& each : network::parameters(network)) {
    network::Tensor tensor{each.shape, {}};
    tensor.values.resize(static_cast<std::size_t>(*network::element_count(each.shape)));
    for (float& value : tensor.values) value = normal(random);
    if (each.name.ends_with("running_var")) {
      for (float& value : tensor.values) value = std::abs(value) + 0.1F;
    }
    tensors[each.name] = std::move(tensor);
  }
  return tensors;
}

bool is_all(const Node& /*node*/) {
  return true;
}

const Node& node_of(const Network& network, const char* name) {
  return network.nodes[network.find(name).value()];
}

TEST(KernelPairs, TwoKernelsSumUpToTheOne) {
  const Network network = small_network();
  const network::Tensors tensors = random_tensors(network);
  const PairedNetwork paired =
      pair_kernels(network, tensors, core::WeightFormat::kFourLevel2, is_all);
  const auto& whole = tensors.at("block.depthwise.conv.weight").values;
  const auto& coarse = paired.tensors.at("block.depthwise.coarse.conv.weight").values;
  const auto& fine = paired.tensors.at("block.depthwise.fine.conv.weight").values;
  ASSERT_EQ(coarse.size(), whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(coarse[i] + fine[i], whole[i], 1e-6);
}

TEST(KernelPairs, CoarseKernelStandsOnItsGrid) {
  const Network network = small_network();
  const PairedNetwork paired =
      pair_kernels(network, random_tensors(network), core::WeightFormat::kFourLevel2, is_all);
  const auto& coarse = paired.tensors.at("block.mix.coarse.conv.weight").values;
  for (std::size_t row = 0; row < 4; ++row) {
    const auto weights = std::span(coarse).subspan(row * 3, 3);
    EXPECT_TRUE(is_exact(quantize_row(weights, core::WeightFormat::kFourLevel2), weights));
  }
}

TEST(KernelPairs, TwoGridsErrLessThanAThirdOfOne) {
  const Network network = small_network();
  const network::Tensors tensors = random_tensors(network);
  const PairedNetwork paired =
      pair_kernels(network, tensors, core::WeightFormat::kFourLevel2, is_all);
  const auto error = [](std::span<const float> weights) {
    const QuantizedRow row = quantize_row(weights, core::WeightFormat::kFourLevel2);
    double sum = 0.0;
    for (std::size_t i = 0; i < weights.size(); ++i) sum += std::pow(weights[i] - row.value(i), 2);
    return sum;
  };
  const auto& whole = tensors.at("block.depthwise.conv.weight").values;
  const auto& fine = paired.tensors.at("block.depthwise.fine.conv.weight").values;
  double alone = 0.0;
  double together = 0.0;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    alone += error(std::span(whole).subspan(channel * 9, 9));
    together += error(std::span(fine).subspan(channel * 9, 9));
  }
  EXPECT_LT(together, alone / 9);
}

TEST(KernelPairs, OnlyTheChosenOnesArePaired) {
  const Network network = small_network();
  const PairedNetwork paired =
      pair_kernels(network, random_tensors(network), core::WeightFormat::kFourLevel2,
                   [](const Node& node) { return node.op == Op::kDepthwiseConv; });
  EXPECT_TRUE(paired.network.find("block.depthwise.sum").has_value());
  EXPECT_TRUE(paired.network.find("block.mix").has_value());
  EXPECT_FALSE(paired.network.find("block.mix.sum").has_value());
  EXPECT_EQ(paired.norms.size(), 2U);
}

// The bias of the whole and the addend of its batch norm are counted once.
TEST(KernelPairs, ConstantsGoWithTheCoarseOne) {
  const Network network = small_network();
  const PairedNetwork paired =
      pair_kernels(network, random_tensors(network), core::WeightFormat::kFourLevel2, is_all);
  EXPECT_TRUE(node_of(paired.network, "block.mix.coarse.conv").bias);
  EXPECT_FALSE(node_of(paired.network, "block.mix.fine.conv").bias);
  for (const Affine& each : batch_norm_affine(
           paired.tensors, node_of(paired.network, "block.depthwise.fine.batch_norm"))) {
    EXPECT_EQ(each.addend, 0.0);
  }
}

TEST(KernelPairs, BlocksAndTensorsFitTheNewNetwork) {
  const Network network = small_network();
  const PairedNetwork paired =
      pair_kernels(network, random_tensors(network), core::WeightFormat::kFourLevel2, is_all);
  std::set<std::string> names;
  for (const network::Parameter& each : network::parameters(paired.network)) {
    ASSERT_TRUE(paired.tensors.contains(each.name)) << each.name;
    EXPECT_EQ(paired.tensors.at(each.name).shape, each.shape) << each.name;
    names.insert(each.name);
  }
  EXPECT_EQ(names.size(), paired.tensors.size());
  network::NodeId next = 1;
  for (const network::Block& block : paired.network.blocks) {
    EXPECT_EQ(block.first, next) << block.name;
    next = block.last + 1;
  }
  EXPECT_EQ(next, static_cast<network::NodeId>(paired.network.nodes.size()));
}

TEST(RebaseBatchNorm, ComputesWhatItDidWithOtherStatistics) {
  const Network network = small_network();
  network::Tensors tensors = random_tensors(network);
  const Node& norm = node_of(network, "block.depthwise.batch_norm");
  const std::vector<Affine> before = batch_norm_affine(tensors, norm);
  rebase_batch_norm(tensors, norm, {.mean = {1.0, -2.0, 0.5}, .variance = {4.0, 0.25, 0.0}});
  const std::vector<Affine> after = batch_norm_affine(tensors, norm);
  for (std::size_t c = 0; c < before.size(); ++c) {
    EXPECT_NEAR(after[c].factor, before[c].factor, 1e-5 * std::abs(before[c].factor));
    EXPECT_NEAR(after[c].addend, before[c].addend, 1e-4);
  }
  EXPECT_EQ(parameter(tensors, norm, "running_mean"), (std::vector<float>{1.0F, -2.0F, 0.5F}));
  EXPECT_EQ(parameter(tensors, norm, "running_var"), (std::vector<float>{4.0F, 0.25F, 0.0F}));
}

}  // namespace
}  // namespace coco_mcu::lowering
