#include "lowering/sensitivity.h"

#include <cmath>
#include <random>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/builder.h"

namespace coco_mcu::lowering {
namespace {

using core::WeightFormat;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::array kFormats = {WeightFormat::kSigned8, WeightFormat::kSigned4,
                                 WeightFormat::kTernary2};

/// Layers of random sizes whose errors grow with every bit less.
std::vector<LayerChoices> made_up_problem(unsigned seed, int layers) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> growth(2.0, 40.0);
  std::vector<LayerChoices> problem;
  for (int i = 0; i < layers; ++i) {
    LayerChoices layer{"layer" + std::to_string(i), {}};
    const auto weights = static_cast<std::int64_t>(100 + random() % 2000);
    double error = 0.001 * growth(random);
    for (const WeightFormat format : kFormats) {
      layer.choices.push_back({format, weights * core::weight_bits(format) / 8, error});
      error *= growth(random);
    }
    problem.push_back(std::move(layer));
  }
  return problem;
}

struct Sum {
  std::int64_t bytes = 0;
  double error = 0.0;
};

Sum sum_of(const std::vector<LayerChoices>& problem, const WeightFormats& formats) {
  Sum sum;
  for (const LayerChoices& layer : problem) {
    for (const FormatChoice& choice : layer.choices) {
      if (choice.format != formats.at(layer.layer)) continue;
      sum.bytes += choice.bytes;
      sum.error += choice.error;
    }
  }
  return sum;
}

/// The least error that any assignment within the budget has.
double brute_force(const std::vector<LayerChoices>& problem, std::int64_t budget,
                   std::size_t layer = 0, Sum so_far = {}) {
  if (so_far.bytes > budget) return 1e30;
  if (layer == problem.size()) return so_far.error;
  double least = 1e30;
  for (const FormatChoice& choice : problem[layer].choices) {
    least =
        std::min(least, brute_force(problem, budget, layer + 1,
                                    {so_far.bytes + choice.bytes, so_far.error + choice.error}));
  }
  return least;
}

TEST(Sensitivity, StaysInTheBudgetAndNearTheOptimum) {
  double worst = 0.0;
  for (unsigned seed = 0; seed < 30; ++seed) {
    const auto problem = made_up_problem(seed, 8);
    const Sum widest = sum_of(problem, choose_within(problem, 1 << 20));
    for (const double share : {0.35, 0.5, 0.7, 0.9}) {
      const auto budget = static_cast<std::int64_t>(share * static_cast<double>(widest.bytes));
      const Sum chosen = sum_of(problem, choose_within(problem, budget));
      EXPECT_LE(chosen.bytes, budget);
      worst = std::max(worst, chosen.error / brute_force(problem, budget));
    }
  }
  EXPECT_LT(worst, 2.0);
}

TEST(Sensitivity, EnoughBytesCostNoError) {
  for (const auto& [layer, format] : choose_within(made_up_problem(1, 5), 1 << 20)) {
    EXPECT_EQ(format, WeightFormat::kSigned8) << layer;
  }
}

TEST(Sensitivity, RefusesABudgetThatNothingFits) {
  EXPECT_THAT([] { choose_within(made_up_problem(1, 5), 10); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("narrowest formats")));
}

TEST(Sensitivity, MeasuresOneLayerAtATime) {
  using network::NodeId;
  network::Builder net("two");
  NodeId x = net.input({1, 1, 3});
  x = net.conv("random", x, {.filters = 2});
  x = net.conv("ternary", x, {.filters = 2});
  net.softmax("probs", x);
  const network::Network network = net.finish({"a", "b"});
  const network::Tensors tensors = {
      {"random.weight", {{2, 3, 1, 1}, {0.1183F, -0.5271F, 0.9319F, 0.3447F, 0.7531F, -0.1667F}}},
      {"ternary.weight", {{2, 2, 1, 1}, {0.5F, 0.0F, -0.5F, 0.0F}}}};
  const auto squared_change = [&](const network::Tensors& changed) {
    double sum = 0.0;
    for (const auto& [name, tensor] : changed) {
      for (std::size_t i = 0; i < tensor.values.size(); ++i) {
        sum += std::pow(tensor.values[i] - tensors.at(name).values[i], 2);
      }
    }
    return sum;
  };
  int layers = 0;
  const auto measured =
      measure_sensitivity(network, fuse(network), tensors, squared_change, [&] { ++layers; });
  EXPECT_EQ(layers, 2);
  ASSERT_EQ(measured.size(), 2U);
  ASSERT_EQ(measured[0].choices.size(), 4U);
  EXPECT_GT(measured[0].choices[0].error, 0.0);
  EXPECT_LT(measured[0].choices[0].error, measured[0].choices[1].error);
  EXPECT_LT(measured[0].choices[1].error, measured[0].choices[3].error);
  ASSERT_EQ(measured[1].choices.size(), 1U);
  EXPECT_EQ(measured[1].choices[0].format, WeightFormat::kTernary2);
  EXPECT_EQ(measured[1].choices[0].error, 0.0);
}

}  // namespace
}  // namespace coco_mcu::lowering
