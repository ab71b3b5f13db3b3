#include "lowering/calibration_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace coco_mcu::lowering {
namespace {

std::vector<float> normal_values(unsigned seed, std::size_t count, float deviation) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// Mean squared error of values on the grid of a range.
double grid_error(const std::vector<float>& values, const Range& range) {
  const CodeGrid grid = code_grid(range);
  double sum = 0.0;
  for (const float value : values) {
    const double code = std::clamp(std::round(value / grid.scale) + grid.zero_point, 0.0, 255.0);
    sum += std::pow(grid.scale * (code - grid.zero_point) - value, 2);
  }
  return sum / static_cast<double>(values.size());
}

TEST(Histogram, KnowsTheExtremes) {
  Histogram histogram;
  histogram.add(std::vector<float>{0.5F, 2.0F});
  EXPECT_EQ(histogram.extremes(), (Range{0.5, 2.0}));
  histogram.add(std::vector<float>{-3.0F});
  EXPECT_EQ(histogram.extremes(), (Range{-3.0, 2.0}));
}

TEST(Histogram, OrderDoesNotMatter) {
  std::vector<float> values = normal_values(1, 5000, 1.0F);
  values.push_back(1000.0F);
  Histogram forwards;
  for (const float value : values) forwards.add({&value, 1});
  std::ranges::reverse(values);
  Histogram backwards;
  backwards.add(values);
  EXPECT_EQ(forwards.percentile(0.99), backwards.percentile(0.99));
  EXPECT_EQ(forwards.least_squared_error(), backwards.least_squared_error());
}

TEST(Histogram, PercentileLeavesHalfOfTheRestOnEachSide) {
  std::vector<float> values;
  for (int i = -1000; i <= 1000; ++i) values.push_back(static_cast<float>(i) / 1000.0F);
  Histogram histogram;
  histogram.add(values);
  const Range range = histogram.percentile(0.9);
  EXPECT_NEAR(range.minimum, -0.9, 0.002);
  EXPECT_NEAR(range.maximum, 0.9, 0.002);
}

TEST(Histogram, PercentileIsNeverWiderThanTheExtremes) {
  Histogram histogram;
  histogram.add(std::vector<float>{0.3F, 0.7F});
  EXPECT_EQ(histogram.percentile(1.0), (Range{0.0, 0.7F}));
}

TEST(Histogram, SquaredErrorClipsOutliers) {
  std::vector<float> values = normal_values(2, 100000, 1.0F);
  values.push_back(40.0F);
  Histogram histogram;
  histogram.add(values);
  const Range chosen = histogram.least_squared_error();
  EXPECT_LT(chosen.maximum, 38.0);
  EXPECT_LT(grid_error(values, chosen), 0.9 * grid_error(values, histogram.extremes()));
}

TEST(Histogram, SquaredErrorIsAsGoodAsAScanFindsIt) {
  const std::vector<float> values = normal_values(3, 50000, 2.0F);
  Histogram histogram;
  histogram.add(values);
  const double error = grid_error(values, histogram.least_squared_error());
  for (double share = 0.2; share <= 1.0; share += 0.05) {
    const Range all = histogram.extremes();
    EXPECT_LE(error, 1.05 * grid_error(values, {all.minimum * share, all.maximum * share}));
  }
}

TEST(Histogram, ZerosAreExactAndWeighNothing) {
  std::vector<float> values = normal_values(4, 2000, 1.0F);
  Histogram few_zeros;
  few_zeros.add(values);
  Histogram many_zeros;
  many_zeros.add(std::vector<float>(100000, 0.0F));
  many_zeros.add(values);
  EXPECT_EQ(few_zeros.least_squared_error(), many_zeros.least_squared_error());
}

TEST(Histogram, NothingButZerosIsAnEmptyRange) {
  Histogram histogram;
  histogram.add(std::vector<float>(10, 0.0F));
  EXPECT_EQ(histogram.extremes(), (Range{0.0, 0.0}));
  EXPECT_EQ(histogram.percentile(0.99), (Range{0.0, 0.0}));
  EXPECT_EQ(histogram.least_squared_error(), (Range{0.0, 0.0}));
}

TEST(Histogram, RefusesValuesThatAreNotFinite) {
  Histogram histogram;
  EXPECT_THROW(histogram.add(std::vector<float>{std::numeric_limits<float>::quiet_NaN()}),
               std::invalid_argument);
}

}  // namespace
}  // namespace coco_mcu::lowering
