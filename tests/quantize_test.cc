// Quantization from end to end: the integer model of a network, run by the engine, against the same
// network in double.

#include "lowering/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/seal.h"
#include "lowering/calibration.h"
#include "lowering/policy.h"
#include "lowering/quantize_kernel.h"
#include "planning/whole_tensor.h"
#include "tests/support/integer_run.h"
#include "tests/support/network_evaluator.h"
#include "tests/support/trained_ranges.h"

namespace coco_mcu {
namespace {

using core::WeightFormat;
using network::Network;
using network::Op;
using testing::FeatureMap;
using testing::IntegerRun;
using testing::kPreprocessing;
using testing::normalized;
using testing::random_pixels;
using testing::run_integer;
using testing::small_network;

constexpr std::size_t kPictures = 6;

lowering::Calibration calibrated(const Network& network, const network::Tensors& tensors) {
  const auto activations = [&](std::size_t picture, const std::vector<std::string>& names) {
    const testing::NetworkEvaluator evaluator(network, tensors);
    const auto maps = evaluator.run(normalized(random_pixels(static_cast<std::uint32_t>(picture))));
    std::vector<std::vector<float>> values;
    for (const std::string& name : names) {
      const auto& map = maps[static_cast<std::size_t>(network.find(name).value())];
      values.emplace_back(map.values.begin(), map.values.end());
    }
    return values;
  };
  return calibrate(network, lowering::fuse(network), kPictures, lowering::RangeRule::kMinMax,
                   activations);
}

struct Lowered {
  lowering::FusedNetwork operators;
  model::IntegerModel model;
};

Lowered lower(const Network& network, const network::Tensors& tensors, std::string_view policy,
              bool bias_correction) {
  Lowered made;
  made.operators = lowering::fuse(network);
  lowering::QuantizeOptions options;
  options.preprocessing = kPreprocessing;
  options.formats = choose_formats(policy, network, made.operators, tensors);
  options.bias_correction = bias_correction;
  made.model = quantize(network, made.operators, tensors, calibrated(network, tensors), options);
  made.model.plan = planning::plan_whole_tensors(made.model);
  engine::seal(made.model);
  return made;
}

/// Root mean square distance, in codes, of each layer's output from the float network's values.
std::map<std::string, double> distances(const Lowered& lowered, const IntegerRun& run,
                                        const std::vector<FeatureMap>& exact) {
  std::map<std::string, double> found;
  for (std::size_t i = 0; i + 1 < lowered.operators.size(); ++i) {
    const model::Operator& layer = lowered.model.operators[i];
    // A curve before upsampling stands for values at the size before it.
    const FeatureMap& map = exact[static_cast<std::size_t>(lowered.operators[i].output)];
    EXPECT_EQ(map.values.size(), run.codes[i].size()) << layer.name;
    double sum = 0.0;
    for (std::size_t k = 0; k < map.values.size(); ++k) {
      const double code = std::clamp(map.values[k] / layer.scale + layer.zero_point, 0.0, 255.0);
      sum += std::pow(run.codes[i][k] - code, 2);
    }
    found[layer.name] = std::sqrt(sum / static_cast<double>(map.values.size()));
  }
  return found;
}

TEST(Quantize, EightBitsStayWithinAFewCodesOfTheFloatNetwork) {
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    const Network network = small_network();
    const network::Tensors tensors = testing::random_tensors(network, seed);
    const Lowered lowered = lower(network, tensors, "w8", true);
    const testing::NetworkEvaluator evaluator(network, tensors);
    for (std::uint32_t picture = 0; picture < 3; ++picture) {
      const auto pixels = random_pixels(picture);
      const IntegerRun run = run_integer(lowered.model, pixels);
      const auto exact = evaluator.run(normalized(pixels));
      const auto found = distances(lowered, run, exact);
      double sum = 0.0;
      for (const auto& [layer, distance] : found) {
        EXPECT_LT(distance, 8.0) << layer << ", seed " << seed;
        sum += distance;
      }
      EXPECT_LT(sum / static_cast<double>(found.size()), 1.5) << seed;
      EXPECT_NEAR(run.person, exact.back().values[1], 0.03) << seed;
    }
  }
}

TEST(Quantize, ConcatenationPutsItsInputsOntoOneScale) {
  const Network network = testing::joining_network();
  const network::Tensors tensors = testing::random_tensors(network, 3);
  const Lowered lowered = lower(network, tensors, "w8", true);
  const auto joined = std::ranges::find(lowered.model.operators, "joined", &model::Operator::name);
  ASSERT_NE(joined, lowered.model.operators.end());
  EXPECT_FALSE(joined->requantization.table.empty() && joined->second_table.empty());
  const testing::NetworkEvaluator evaluator(network, tensors);
  const auto pixels = random_pixels(5);
  const auto found =
      distances(lowered, run_integer(lowered.model, pixels), evaluator.run(normalized(pixels)));
  for (const auto& [layer, distance] : found) EXPECT_LT(distance, 2.0) << layer;
}

/// The network with its weights as they are stored, and a quantizer of 8 bits at every place where
/// the integer model has codes.
struct Simulation {
  network::Tensors tensors;
  lowering::TrainedQuantizers quantizers;
};

Simulation simulation_of(const Network& network, const network::Tensors& tensors,
                         const Lowered& lowered) {
  Simulation made{tensors, {}};
  const lowering::Ranges ranges = calibrated(network, tensors).ranges;
  for (std::size_t i = 0; i < lowered.operators.size(); ++i) {
    const lowering::FusedOperator& each = lowered.operators[i];
    if (model::has_weights(each.kind)) {
      made.tensors = lowering::with_quantized_kernel(made.tensors, network.nodes[each.node],
                                                     lowered.model.operators[i].format);
    }
  }
  for (const auto& [name, range] : ranges) {
    made.quantizers.push_back(
        testing::output_range(name, static_cast<float>(std::min(range.minimum, 0.0)),
                              static_cast<float>(std::max(range.maximum, 0.0))));
  }
  for (const network::Node& node : network.nodes) {
    if (node.op != Op::kHardSigmoid) continue;
    made.quantizers.push_back(testing::output_range(node.name, 0.0F, 1.0F));
  }
  return made;
}

TEST(Quantize, IntegersDoWhatFakeQuantizationDoes) {
  for (const char* policy : {"w8", "w4", "w2", "w2-ternary", "mixed"}) {
    const Network network = small_network();
    network::Tensors tensors = testing::random_tensors(network, 7);
    // The format of 4 bits is not symmetric, and a negative gain turns the weights' signs.
    for (auto& [name, tensor] : tensors) {
      if (!name.ends_with("batch_norm.weight")) continue;
      for (float& gain : tensor.values) gain = std::abs(gain);
    }
    const Lowered made = lower(network, tensors, policy, false);
    const Simulation simulation = simulation_of(network, tensors, made);
    const testing::NetworkEvaluator evaluator(network, simulation.tensors, simulation.quantizers);
    const auto pixels = random_pixels(1);
    const IntegerRun run = run_integer(made.model, pixels);
    for (const auto& [layer, distance] : distances(made, run, evaluator.run(normalized(pixels)))) {
      EXPECT_LT(distance, 1.01) << layer << ", " << policy;
    }
  }
}

}  // namespace
}  // namespace coco_mcu
