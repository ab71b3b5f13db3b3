#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowering/reduce.h"
#include "tests/support/reduction_cases.h"

namespace coco_mcu::lowering {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the cases

/// Bottlenecks of every kind one after the other, with a mask.
Network deep_network() {
  return masked([](Builder& net, NodeId x, NodeId mask) {
    x = bottleneck(net, "a", x, {.expand = 6, .filters = 4, .squeeze_excite = true});
    x = net.multiply("masked", x, mask);
    x = bottleneck(net, "b", x,
                   {.kernel = 5,
                    .expand = 8,
                    .filters = 4,
                    .squeeze_excite = true,
                    .activation = Op::kHardSwish,
                    .residual = true});
    x = bottleneck(net, "c", x, {.expand = 8, .filters = 6, .stride = 2});
    x = bottleneck(net, "d", x, {.expand = 8, .filters = 6, .residual = true});
    const NodeId side = conv_norm(net, "side", x, {.filters = 5, .activation = Op::kRelu});
    x = net.concatenate("joined", {side, x, side});
    x = conv_norm(net, "last", x, {.filters = 8, .activation = Op::kHardSwish});
    x = net.global_average_pool("average", x);
    x = net.activation("curve", net.conv("wide", x, {.filters = 8, .bias = true}), Op::kHardSwish);
    return net.softmax("softmax", net.conv("decide", x, {.filters = 2, .bias = true}));
  });
}

/// Random weights, many of them zero by whole rows and columns of kernels.
network::Tensors sparse_tensors(const Network& network, std::uint32_t seed) {
  network::Tensors tensors = random_tensors(network, seed);
  std::mt19937 random(seed);
  std::bernoulli_distribution drop(0.3);
  for (auto& [name, tensor] : tensors) {
    if (tensor.shape.size() != 4) continue;
    const std::size_t rows = tensor.shape[0];
    const std::size_t columns = tensor.shape[1];
    const std::size_t window = tensor.values.size() / (rows * columns);
    for (std::size_t row = 0; row < rows; ++row) {
      const bool drop_row = drop(random);
      for (std::size_t at = row * columns * window; at < (row + 1) * columns * window; ++at) {
        if (drop_row || drop(random)) tensor.values[at] = 0.0F;
      }
    }
  }
  return tensors;
}

TEST(ReduceRandom, SparseRandomNetworksKeepTheirOutput) {
  const Network network = deep_network();
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    network::Tensors tensors = sparse_tensors(network, seed);
    if (seed % 2 == 0) make_mask_constant(tensors);
    const ReducedNetwork reduced = reduce_and_compare(network, tensors);
    EXPECT_LT(reduced.report.after.weights, reduced.report.before.weights);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(ReduceRandom, WhatIsReducedCannotBeReducedFurther) {
  const Network network = deep_network();
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    const ReducedNetwork once =
        reduce(network, sparse_tensors(network, seed), {}, kPreprocessing, {});
    const ReducedNetwork twice = reduce(once.network, once.tensors, {}, kPreprocessing, {});
    EXPECT_EQ(twice.report.after.weights, once.report.after.weights) << seed;
    EXPECT_EQ(twice.report.after.macs, once.report.after.macs) << seed;
  }
}

}  // namespace
}  // namespace coco_mcu::lowering
