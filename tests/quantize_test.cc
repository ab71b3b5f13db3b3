// Quantization from end to end: the integer model of a network, run by the engine, against the same
// network in double.

#include "lowering/quantize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/arena.h"
#include "engine/engine.h"
#include "engine/seal.h"
#include "lowering/calibration.h"
#include "lowering/policy.h"
#include "lowering/quantize_kernel.h"
#include "model/model_file.h"
#include "model/serialize.h"
#include "network/blocks.h"
#include "planning/whole_tensor.h"
#include "tests/support/network_evaluator.h"
#include "tests/support/trained_ranges.h"

namespace coco_mcu {
namespace {

using core::WeightFormat;
using network::Builder;
using network::Network;
using network::NodeId;
using network::Op;
using testing::FeatureMap;

constexpr int kSide = 22;
constexpr std::size_t kPictures = 6;

const core::Preprocessing kPreprocessing = {.height = kSide,
                                            .width = kSide,
                                            .resize = core::Resize::kBilinear,
                                            .mean = {0.485F, 0.456F, 0.406F},
                                            .deviation = {0.229F, 0.224F, 0.225F}};

/// Everything the reference network has, small: strided convolution with h-swish, a mask computed
/// coarsely, bottlenecks with squeeze-excite and residual, an upsampling that is added, pooled
/// head.
Network small_network() {
  Builder net("small");
  const NodeId input = net.input({kSide, kSide, 3});
  NodeId x =
      conv_norm(net, "first", input, {.filters = 6, .kernel = 3, .activation = Op::kHardSwish});
  NodeId mask = net.max_pool("mask.pool1", x, 2, 2);
  const NodeId half = mask;
  mask = net.max_pool("mask.pool2", mask, 2, 2);
  mask = bottleneck(net, "mask_bneck", mask,
                    {.expand = 10, .filters = 6, .squeeze_excite = true, .residual = true});
  mask = net.upsample("mask.up1", mask, 3);
  mask = net.crop("mask.crop1", mask, 4);
  mask = net.add("mask.sum", mask, half);
  mask = net.activation("mask.curve", mask, Op::kSigmoidPlusOne);
  mask = net.upsample("mask.up2", mask, 2);
  x = net.multiply("masked", x, mask);
  x = bottleneck(net, "bneck1", x,
                 {.expand = 12,
                  .filters = 6,
                  .squeeze_excite = true,
                  .activation = Op::kHardSwish,
                  .residual = true});
  x = bottleneck(net, "bneck2", x, {.kernel = 5, .expand = 16, .filters = 10, .stride = 2});
  x = conv_norm(net, "last", x, {.filters = 24, .activation = Op::kHardSwish});
  x = net.global_average_pool("average", x);
  x = net.conv("hidden", x, {.filters = 20, .bias = true});
  x = net.activation("curve", x, Op::kHardSwish);
  x = net.dropout("dropout", x, 0.5);
  x = net.conv("classify", x, {.filters = 2, .bias = true});
  net.softmax("probs", x);
  return net.finish({"no person", "person"});
}

/// Pictures of one colour each, with noise: their averages differ as those of photographs do.
std::vector<std::uint8_t> random_pixels(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> any(0, 255);
  std::uniform_int_distribution<int> noise(-80, 80);
  const std::array<int, 3> colour = {any(random), any(random), any(random)};
  std::vector<std::uint8_t> pixels(std::size_t{3} * kSide * kSide);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(std::clamp(colour[i % 3] + noise(random), 0, 255));
  }
  return pixels;
}

/// What the float network sees of them.
FeatureMap normalized(const std::vector<std::uint8_t>& pixels) {
  FeatureMap picture({kSide, kSide, 3});
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    picture.values[i] =
        (pixels[i] / 255.0 - kPreprocessing.mean[i % 3]) / kPreprocessing.deviation[i % 3];
  }
  return picture;
}

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

/// Every tensor of a run, as the codes that the engine computed.
class Tensors final : public engine::Observer {
 public:
  void on_tensor(int /*layer*/, const std::uint8_t* tensor, std::size_t bytes) override {
    codes.emplace_back(tensor, tensor + bytes);
  }
  std::vector<std::vector<std::uint8_t>> codes;
};

struct IntegerRun {
  std::vector<std::vector<std::uint8_t>> codes;
  double person = 0.0;
};

IntegerRun run_integer(const model::IntegerModel& made, const std::vector<std::uint8_t>& pixels) {
  const model::ModelFile file(model::serialize(made), "small.cmcu");
  const engine::Arena arena(engine::arena_bytes(file.view(), kernels::kReferenceBackend));
  const engine::Engine engine(file.view(), kernels::kReferenceBackend, arena.data());
  std::ranges::copy(pixels, engine.picture());
  Tensors tensors;
  const engine::Decision decision = engine.run(&tensors);
  return {std::move(tensors.codes),
          static_cast<double>(decision.probability) / model::kProbabilityOne};
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
