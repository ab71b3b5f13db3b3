#include "core/accumulator_range.h"

#include <algorithm>
#include <initializer_list>

#include <gtest/gtest.h>

namespace coco_mcu::core {
namespace {

constexpr std::int64_t kZeroPoints[] = {-255, -1, 0, 7, 128, 255, 300};

/// The ends of (code - zero_point) * weight, tried code by code; padding gives 0.
AccumulatorRange tried(std::int64_t weight, std::int64_t zero_point) {
  AccumulatorRange range;
  for (std::int64_t code = 0; code <= kLargestCode; ++code) {
    const std::int64_t product = (code - zero_point) * weight;
    range = {std::min(range.lowest, product), std::max(range.highest, product)};
  }
  return range;
}

TEST(AccumulatorRange, OfOneWeightIsTight) {
  for (const std::int64_t zero_point : kZeroPoints) {
    for (const std::int64_t weight : {-128, -3, 0, 1, 127}) {
      const AccumulatorRange range = weighted_range(weight, zero_point);
      const AccumulatorRange expected = tried(weight, zero_point);
      EXPECT_EQ(range.lowest, expected.lowest) << weight << ", " << zero_point;
      EXPECT_EQ(range.highest, expected.highest) << weight << ", " << zero_point;
    }
  }
}

TEST(AccumulatorRange, OfSeveralWeightsIsTheirSum) {
  for (const std::int64_t zero_point : kZeroPoints) {
    const AccumulatorRange sum = weighted_range(100, zero_point) + weighted_range(-40, zero_point) +
                                 weighted_range(2, zero_point);
    const AccumulatorRange range = weighted_range(102, -40, zero_point);
    EXPECT_EQ(range.lowest, sum.lowest) << zero_point;
    EXPECT_EQ(range.highest, sum.highest) << zero_point;
  }
}

TEST(AccumulatorRange, OfProductsHoldsTheirCorners) {
  for (const std::int64_t x_zero : kZeroPoints) {
    for (const std::int64_t y_zero : kZeroPoints) {
      const AccumulatorRange range = product_range(x_zero, y_zero);
      for (const std::int64_t x : {std::int64_t{0}, kLargestCode}) {
        for (const std::int64_t y : {std::int64_t{0}, kLargestCode}) {
          EXPECT_LE(range.lowest, (x - x_zero) * (y - y_zero));
          EXPECT_GE(range.highest, (x - x_zero) * (y - y_zero));
        }
      }
    }
  }
}

TEST(AccumulatorRange, ReachesAsFarAsItsFartherEnd) {
  EXPECT_EQ((AccumulatorRange{-5, 3}).reach(), 5);
  EXPECT_EQ((AccumulatorRange{-5, 8}).reach(), 8);
  EXPECT_EQ(weighted_range(10, -20, 55).reach(), 10 * 55 + 20 * 200);
}

}  // namespace
}  // namespace coco_mcu::core
