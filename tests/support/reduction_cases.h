// Small networks that lose something when they are reduced, and the proof that their output stays.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lowering/reduce.h"
#include "network/blocks.h"
#include "network/builder.h"
#include "tests/support/network_evaluator.h"

namespace coco_mcu::lowering::testing {

using coco_mcu::testing::NetworkEvaluator;
using coco_mcu::testing::random_picture;
using coco_mcu::testing::random_tensors;
using network::Builder;
using network::Network;
using network::NodeId;
using network::Op;

inline const core::Preprocessing kPreprocessing = {.height = 8,
                                                   .width = 8,
                                                   .resize = core::Resize::kBilinear,
                                                   .mean = {0.5F, 0.5F, 0.5F},
                                                   .deviation = {0.25F, 0.25F, 0.25F}};

/// A network of an input of 8x8x3 and what `layers` puts behind it.
template <typename Layers>
Network network_of(Layers layers) {
  Builder net("test");
  const NodeId last = layers(net, net.input({8, 8, 3}));
  return net.finish(std::vector<std::string>(net.shape(last).channels, "label"));
}

/// Makes a batch norm's channel the same number everywhere.
inline void make_constant(network::Tensors& tensors, const std::string& norm, std::size_t channel,
                          float value) {
  tensors.at(norm + ".weight").values[channel] = 0.0F;
  tensors.at(norm + ".bias").values[channel] = value;
}

/// Of a kernel of 1x1: sets the weights that read an input channel to zero.
inline void stop_reading(network::Tensors& tensors, const std::string& conv, std::size_t input) {
  network::Tensor& kernel = tensors.at(conv + ".weight");
  const auto inputs = static_cast<std::size_t>(kernel.shape[1]);
  for (std::size_t at = input; at < kernel.values.size(); at += inputs) kernel.values[at] = 0.0F;
}

inline bool has(const Network& network, const std::string& name) {
  return network.find(name).has_value();
}

inline int channels(const Network& network, const std::string& name) {
  return network.nodes[network.find(name).value()].output.channels;
}

/// Reduces, and requires that every picture still gives the same output.
inline ReducedNetwork reduce_and_compare(const Network& network, const network::Tensors& tensors,
                                         const TrainedQuantizers& quantizers = {},
                                         const ReduceOptions& options = {}) {
  ReducedNetwork reduced = reduce(network, tensors, quantizers, kPreprocessing, options);
  const network::Tensors effective = effective_weights(tensors, quantizers);
  const NetworkEvaluator before(network, effective, quantizers);
  const NetworkEvaluator after(reduced.network, reduced.tensors, quantizers);
  for (std::uint32_t seed = 0; seed < 3; ++seed) {
    const auto picture = random_picture({8, 8, 3}, kPreprocessing, seed);
    const std::vector<double> expected = before.run(picture).back().values;
    const std::vector<double> computed = after.run(picture).back().values;
    EXPECT_EQ(computed.size(), expected.size());
    double largest = 1.0;
    for (const double value : expected) largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(computed[i], expected[i], 1e-5 * largest) << "element " << i;
      if (std::abs(computed[i] - expected[i]) > 1e-5 * largest) return reduced;
    }
  }
  return reduced;
}

/// A mask made from the picture at half its size, multiplied with what `layers` puts before it.
template <typename Layers>
Network masked(Layers layers) {
  return network_of([&](Builder& net, NodeId x) {
    NodeId mask = 0;
    {
      const Builder::Scope scope(net, "attention");
      mask = conv_norm(net, "small", net.max_pool("pool", x, 2, 2), {.filters = 4});
      mask = net.activation("mask", mask, Op::kSigmoidPlusOne);
      mask = net.upsample("up", mask, 2);
    }
    return layers(net, x, mask);
  });
}

inline void make_mask_constant(network::Tensors& tensors) {
  for (std::size_t c = 0; c < 4; ++c) {
    make_constant(tensors, "attention.small.batch_norm", c, 0.3F * static_cast<float>(c) - 0.4F);
  }
}

}  // namespace coco_mcu::lowering::testing
