// A network with fake quantizers at all its sites, lowered: the integers do what the floats did.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/seal.h"
#include "lowering/policy.h"
#include "lowering/quantization_sites.h"
#include "lowering/quantize.h"
#include "lowering/quantize_grids.h"
#include "lowering/reduce.h"
#include "lowering/settle.h"
#include "planning/whole_tensor.h"
#include "tests/support/integer_run.h"

namespace coco_mcu {
namespace {

using core::WeightFormat;
using lowering::TrainedQuantizers;
using network::Network;
using network::QuantizedTensor;
using network::QuantizerKind;
using testing::FeatureMap;
using testing::kPreprocessing;
using testing::normalized;
using testing::random_pixels;

struct Trained {
  network::Quantizers quantizers;
  network::Tensors tensors;  // with those of the quantizers
};

/// The ends of a node's values over some pictures.
lowering::Range range_of(const std::vector<std::vector<FeatureMap>>& runs, std::size_t node) {
  lowering::Range range;
  for (const auto& maps : runs) {
    for (const double value : maps[node].values) {
      range.minimum = std::min(range.minimum, value);
      range.maximum = std::max(range.maximum, value);
    }
  }
  return range;
}

void add_range(const std::string& node, QuantizerKind kind, double minimum, double maximum,
               Trained& trained) {
  trained.quantizers.push_back({.node = node, .kind = kind});
  const std::string name = quantizer_name(trained.quantizers.back());
  trained.tensors[name + ".min"] = {{}, {static_cast<float>(minimum)}};
  trained.tensors[name + ".max"] = {{}, {static_cast<float>(maximum)}};
}

/// Steps near those of least squared error: a third of the channel's largest weight and less.
void add_steps(const std::string& node, WeightFormat format, std::mt19937& random,
               Trained& trained) {
  const network::Tensor kernel = trained.tensors.at(node + ".weight");
  const std::size_t rows = kernel.shape[0];
  const std::size_t row_size = kernel.values.size() / rows;
  std::uniform_real_distribution<float> share(0.8F, 1.2F);
  std::vector<float> steps;
  for (std::size_t row = 0; row < rows; ++row) {
    float sum = 0.0F;
    for (std::size_t i = 0; i < row_size; ++i) sum += std::abs(kernel.values[row * row_size + i]);
    const float mean = sum / static_cast<float>(row_size);
    const auto largest = static_cast<float>(core::weight_magnitude(format));
    steps.push_back(share(random) * 3.0F * mean / largest);
  }
  trained.quantizers.push_back({.node = node,
                                .tensor = QuantizedTensor::kWeight,
                                .kind = QuantizerKind::kLearnedStep,
                                .format = format});
  const std::string name = quantizer_name(trained.quantizers.back()) + ".step";
  trained.tensors[name] = {{static_cast<std::int64_t>(rows)}, std::move(steps)};
}

/// Random weights, formats in turn, and ranges that clamp some values and waste some codes.
Trained random_training(const Network& network, std::uint32_t seed) {
  Trained trained{{}, testing::random_tensors(network, seed)};
  std::vector<std::vector<FeatureMap>> runs;
  for (std::uint32_t picture = 0; picture < 3; ++picture) {
    const testing::NetworkEvaluator evaluator(network, trained.tensors);
    runs.push_back(evaluator.run(normalized(random_pixels(picture))));
  }
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> share(0.7, 1.2);
  const auto sites = lowering::quantization_sites(network, kPreprocessing);
  for (const network::ActivationSite& site : sites.activations) {
    lowering::Range range = {site.minimum, site.maximum};
    if (!site.is_fixed) {
      range = range_of(runs, static_cast<std::size_t>(network.find(site.node).value()));
      range.minimum *= share(random);
      range.maximum *= share(random);
    }
    add_range(site.node, site.is_fixed ? QuantizerKind::kFixedRange : QuantizerKind::kLearnedRange,
              range.minimum, range.maximum, trained);
  }
  std::size_t turn = seed;
  for (const network::WeightSite& site : sites.weights) {
    add_steps(site.node, core::kWeightFormats[turn++ % 4], random, trained);
  }
  return trained;
}

struct Lowered {
  lowering::ReducedNetwork reduced;
  lowering::FusedNetwork operators;
  lowering::WeightFormats formats;
  model::IntegerModel model;
};

/// Nothing is calibrated: all that is needed has been trained.
Lowered lower(const Network& network, const Trained& trained) {
  Lowered made;
  const auto quantizers = lowering::trained_quantizers(trained.quantizers, trained.tensors);
  made.reduced = reduce(network, trained.tensors, quantizers, kPreprocessing, {});
  made.operators = lowering::fuse(made.reduced.network);
  lowering::QuantizeOptions options;
  options.preprocessing = kPreprocessing;
  options.formats =
      choose_formats("trained", made.reduced.network, made.operators, made.reduced.tensors);
  made.formats = options.formats;
  const lowering::Calibration calibration = {
      .ranges = trained_ranges(made.reduced.network, made.operators, quantizers), .means = {}};
  made.model =
      quantize(made.reduced.network, made.operators, made.reduced.tensors, calibration, options);
  made.model.plan = planning::plan_whole_tensors(made.model);
  engine::seal(made.model);
  return made;
}

/// What fake quantization computes at every node.
std::vector<FeatureMap> run_floats(const Network& network, const network::Quantizers& list,
                                   const network::Tensors& tensors,
                                   const std::vector<std::uint8_t>& pixels) {
  const auto quantizers = lowering::trained_quantizers(list, tensors);
  const auto effective = lowering::effective_weights(tensors, quantizers);
  return testing::NetworkEvaluator(network, effective, quantizers).run(normalized(pixels));
}

struct Differences {
  std::size_t codes = 0;
  std::size_t different = 0;
  std::size_t beyond_neighbour = 0;  // by more than one
  int largest = 0;
};

void compare(const model::Operator& layer, const std::vector<std::uint8_t>& codes,
             const FeatureMap& floats, Differences& found) {
  ASSERT_EQ(codes.size(), floats.values.size()) << layer.name;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const double expected = std::round(floats.values[i] / layer.scale) + layer.zero_point;
    const int difference = std::abs(codes[i] - static_cast<int>(expected));
    ++found.codes;
    if (difference != 0) ++found.different;
    if (difference > 1) ++found.beyond_neighbour;
    found.largest = std::max(found.largest, difference);
  }
}

/// The codes of the integer model against those that the reduced floats stand on, over some
/// pictures.
Differences differences(const Network& network, const Trained& trained) {
  const Lowered made = lower(network, trained);
  const lowering::ReducedNetwork& reduced = made.reduced;
  Differences found;
  for (std::uint32_t picture = 0; picture < 3; ++picture) {
    const auto pixels = random_pixels(picture);
    const auto whole = run_floats(network, trained.quantizers, trained.tensors, pixels);
    const auto floats = run_floats(reduced.network, reduced.quantizers, reduced.tensors, pixels);
    const testing::IntegerRun run = testing::run_integer(made.model, pixels);
    for (std::size_t i = 0; i + 1 < made.operators.size(); ++i) {
      const auto& map = floats[static_cast<std::size_t>(made.operators[i].output)];
      compare(made.model.operators[i], run.codes[i], map, found);
    }
    EXPECT_NEAR(floats.back().values[1], whole.back().values[1], 1e-3);
    EXPECT_NEAR(run.person, whole.back().values[1], 0.005);
  }
  return found;
}

/// As training leaves it.
Trained settled(const Network& network, const Trained& trained) {
  network::Checkpoint checkpoint;
  checkpoint.preprocessing = kPreprocessing;
  checkpoint.quantizers = trained.quantizers;
  checkpoint.tensors = trained.tensors;
  lowering::settle(network, checkpoint);
  return {checkpoint.quantizers, checkpoint.tensors};
}

/// Multipliers and offsets of 16 bits put some codes beside the float's; what differs once is read
/// by the layers behind.
TEST(TrainedGrids, IntegersAreTheCodesOfTheFakeQuantizers) {
  const Network network = testing::small_network();
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    const Differences found = differences(network, random_training(network, seed));
    const auto codes = static_cast<double>(found.codes);
    EXPECT_LT(static_cast<double>(found.different), 0.03 * codes) << seed;
    EXPECT_LT(static_cast<double>(found.beyond_neighbour), 0.005 * codes) << seed;
    EXPECT_LE(found.largest, 8) << seed;
  }
}

TEST(TrainedGrids, ConcatenationsAreTheCodesOfTheFakeQuantizers) {
  const Network network = testing::joining_network();
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    const Differences found = differences(network, random_training(network, seed));
    EXPECT_LT(static_cast<double>(found.different), 0.03 * static_cast<double>(found.codes));
    EXPECT_LE(found.largest, 4) << seed;
  }
}

/// Where integers express what training trained, float32's own rounding is all that is left: most
/// networks have no other code anywhere, one in ten thousand is allowed; what differs once is read
/// by the layers behind.
TEST(TrainedGrids, SettledNetworksAreTheirIntegers) {
  for (const Network& network : {testing::small_network(), testing::joining_network()}) {
    for (std::uint32_t seed = 1; seed <= 6; ++seed) {
      const Trained trained = settled(network, random_training(network, seed));
      const Differences found = differences(network, trained);
      EXPECT_LT(static_cast<double>(found.different), 2e-4 * static_cast<double>(found.codes))
          << network.name << ", seed " << seed;
      EXPECT_LE(found.largest, 4) << network.name << ", seed " << seed;
    }
  }
}

TEST(TrainedGrids, SettlingMovesNothingFar) {
  const Network network = testing::small_network();
  const Trained trained = random_training(network, 1);
  const Trained moved = settled(network, trained);
  for (const auto& [name, tensor] : trained.tensors) {
    if (!name.ends_with("quantizer.min") && !name.ends_with("quantizer.max")) continue;
    const float before = tensor.values[0];
    // An end at zero moves a little, too: it holds the digits that the other has no room for.
    EXPECT_NEAR(moved.tensors.at(name).values[0], before, 1e-3F * (std::abs(before) + 1.0F))
        << name;
  }
  const auto pixels = random_pixels(7);
  const auto first = run_floats(network, trained.quantizers, trained.tensors, pixels);
  const auto second = run_floats(network, moved.quantizers, moved.tensors, pixels);
  EXPECT_NEAR(first.back().values[1], second.back().values[1], 0.01);
}

}  // namespace
}  // namespace coco_mcu
