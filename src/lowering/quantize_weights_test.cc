#include "lowering/quantize_weights.h"

#include <cmath>
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowering/trained_quantizers.h"

namespace coco_mcu::lowering {
namespace {

using core::WeightFormat;
using ::testing::ElementsAre;

std::vector<float> random_row(unsigned seed, std::size_t size) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, 0.1F);
  std::vector<float> row(size);
  for (float& each : row) each = normal(random);
  return row;
}

double squared_error(const std::vector<float>& weights, const QuantizedRow& row) {
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    sum += std::pow(row.value(i) - weights[i], 2);
  }
  return sum;
}

/// The least squared error over a fine scan of scales, each weight at its nearest level.
double scanned_error(const std::vector<float>& weights, const std::vector<int>& levels) {
  double least = 1e30;
  for (int step = 1; step <= 4000; ++step) {
    const double scale = step * 1e-4;
    double sum = 0.0;
    for (const float weight : weights) {
      double nearest = 1e30;
      for (const int level : levels) {
        nearest = std::min(nearest, std::pow(level * scale - weight, 2));
      }
      sum += nearest;
    }
    least = std::min(least, sum);
  }
  return least;
}

TEST(QuantizeWeights, EightBitsAreSymmetric) {
  const std::vector<float> weights = {-0.5F, 0.2517F, 0.1033F, 0.0F};
  const QuantizedRow row = quantize_row(weights, WeightFormat::kSigned8);
  EXPECT_THAT(row.weights, ElementsAre(-127, 64, 26, 0));
  EXPECT_DOUBLE_EQ(row.scale, 0.5 / 127.0);
}

TEST(QuantizeWeights, ThreeLevelsAreTheOptimum) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto weights = random_row(seed, 50);
    const double error = squared_error(weights, quantize_row(weights, WeightFormat::kTernary2));
    EXPECT_LE(error, scanned_error(weights, {-1, 0, 1}) + 1e-9) << seed;
  }
}

TEST(QuantizeWeights, FourLevelsAreTheOptimum) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto weights = random_row(seed, 50);
    const double error = squared_error(weights, quantize_row(weights, WeightFormat::kFourLevel2));
    EXPECT_LE(error, scanned_error(weights, {-3, -1, 1, 3}) + 1e-9) << seed;
  }
}

TEST(QuantizeWeights, FourBitsAreCloseToTheOptimum) {
  const std::vector<int> levels = {-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto weights = random_row(seed, 200);
    const double error = squared_error(weights, quantize_row(weights, WeightFormat::kSigned4));
    EXPECT_LE(error, 1.03 * scanned_error(weights, levels)) << seed;
  }
}

TEST(QuantizeWeights, WeightsOnAGridAreMetExactly) {
  const std::vector<float> ternary = {0.3F, 0.0F, -0.3F, 0.3000001F};
  EXPECT_THAT(quantize_row(ternary, WeightFormat::kTernary2).weights, ElementsAre(1, 0, -1, 1));
  EXPECT_THAT(quantize_row(ternary, WeightFormat::kSigned8).weights, ElementsAre(1, 0, -1, 1));
  const std::vector<float> one_sided = {0.0F, 0.2F, 0.4F};
  const QuantizedRow row = quantize_row(one_sided, WeightFormat::kSigned4);
  EXPECT_THAT(row.weights, ElementsAre(0, 1, 2));
  EXPECT_NEAR(row.scale, 0.2, 1e-8);
}

TEST(QuantizeWeights, RowOfZerosHasScaleZero) {
  const std::vector<float> zeros(5, 0.0F);
  for (const WeightFormat format : {WeightFormat::kTernary2, WeightFormat::kFourLevel2,
                                    WeightFormat::kSigned4, WeightFormat::kSigned8}) {
    EXPECT_EQ(quantize_row(zeros, format).scale, 0.0);
  }
  EXPECT_THAT(quantize_row(zeros, WeightFormat::kFourLevel2).weights, ElementsAre(1, 1, 1, 1, 1));
}

TEST(QuantizeWeights, ExactFormatIsTheNarrowest) {
  const std::vector<float> ternary = {0.3F, 0.0F, -0.3F, 0.0F, 0.0F, 0.0F};
  EXPECT_EQ(exact_format(ternary, 3), WeightFormat::kTernary2);
  const std::vector<float> four = {0.3F, -0.1F, 0.1F, -0.6F, 0.6F, -0.2F};
  EXPECT_EQ(exact_format(four, 3), WeightFormat::kFourLevel2);
  const std::vector<float> sixteen = {0.7F, -0.1F, 0.1F, -0.8F, 0.6F, -0.2F};
  EXPECT_EQ(exact_format(sixteen, 6), WeightFormat::kSigned4);
  EXPECT_EQ(exact_format(random_row(1, 40), 20), std::nullopt);
}

TEST(QuantizeWeights, RowsArePackedInOrder) {
  const QuantizedRow row{1.0, {-1, 1, 3, -3, 1}};
  EXPECT_THAT(pack_row(row, WeightFormat::kFourLevel2),
              ElementsAre(1 | 2 << 2 | 3 << 4 | 0 << 6, 2));
}

/// Weights that a learned step put onto levels, and these levels.
struct SteppedRow {
  std::vector<float> weights;
  std::vector<int> levels;
};

SteppedRow stepped_row(WeightFormat format, float step, unsigned seed) {
  SteppedRow row;
  const float unit = format == WeightFormat::kFourLevel2 ? 0.5F * step : step;
  for (const float weight : random_row(seed, 40)) {
    row.weights.push_back(step_quantize(weight, step, format));
    row.levels.push_back(static_cast<int>(std::lround(row.weights.back() / unit)));
  }
  return row;
}

TEST(QuantizeRow, GivesLearnedStepsAndLevelsBack) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    for (const WeightFormat format : core::kWeightFormats) {
      // Standard deviations of 0.1: largest levels from 3 to 127 at 8 bits, all used or clamped.
      const float step = 0.0007F * static_cast<float>(seed);
      const SteppedRow row = stepped_row(format, step, seed);
      int divisor = 0;
      for (const int level : row.levels) divisor = std::gcd(divisor, level);
      if (divisor == 0) continue;
      const QuantizedRow found = quantize_row(row.weights, format);
      EXPECT_TRUE(is_exact(found, row.weights));
      const double unit = format == WeightFormat::kFourLevel2 ? 0.5 * step : step;
      EXPECT_NEAR(found.scale / (unit * divisor), 1.0, 1e-6);
      for (std::size_t i = 0; i < row.levels.size(); ++i) {
        ASSERT_EQ(found.weights[i] * divisor, row.levels[i]) << core::format_name(format);
      }
    }
  }
}

TEST(QuantizeRow, RoundedWeightsAreNotExact) {
  const std::vector<float> weights = random_row(3, 30);
  for (const WeightFormat format : core::kWeightFormats) {
    EXPECT_FALSE(is_exact(quantize_row(weights, format), weights));
    const std::vector<float> zeros(4);
    EXPECT_TRUE(is_exact(quantize_row(zeros, format), zeros));
  }
}

}  // namespace
}  // namespace coco_mcu::lowering
