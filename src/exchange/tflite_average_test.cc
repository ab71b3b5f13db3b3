#include "exchange/tflite_average.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/requantize.h"

namespace coco_mcu::exchange {
namespace {

/// The first sum whose code is not what it should be; -1: all are.
std::int64_t first_wrong(const model::Requantization& rule, int count, int zero_point,
                         const AverageCode& expected) {
  for (std::int64_t sum = 0; sum <= std::int64_t{255} * count; ++sum) {
    const auto accumulator = static_cast<std::int32_t>(sum - std::int64_t{zero_point} * count);
    if (core::requantize(rule.view(), accumulator, 0) != expected(sum)) return sum;
  }
  return -1;
}

TEST(AverageRule, GivesEverySumItsNearestCode) {
  for (const int count : {1, 2, 4, 9, 16, 25, 36, 49, 64}) {
    for (const int zero_point : {0, 3, 128, 255}) {
      const auto rule = average_rule(count, zero_point, 1.0 / count, average_upwards(count));
      ASSERT_TRUE(rule) << count << " " << zero_point;
      const auto nearest = [count](std::int64_t sum) {
        return static_cast<int>(std::floor(static_cast<double>(sum) / count + 0.5));
      };
      EXPECT_EQ(first_wrong(*rule, count, zero_point, nearest), -1) << count << " " << zero_point;
    }
  }
}

/// Behind a relu the zero point is the first code, and the offset is fine enough.
TEST(AverageRule, RoundsHalvesOfNegativeNumbersDownBehindARelu) {
  for (const int count : {2, 4, 9, 16, 25, 36, 49, 64}) {
    const auto rule = average_rule(count, 0, 1.0 / count, pooled_average(count));
    ASSERT_TRUE(rule) << count;
    const auto away_from_zero = [count](std::int64_t sum) {
      return static_cast<int>(std::lround(static_cast<double>(sum - 128 * count) / count)) + 128;
    };
    EXPECT_EQ(first_wrong(*rule, count, 0, away_from_zero), -1) << count;
  }
}

TEST(AverageRule, HasMeansOnAnotherScale) {
  const Grid input = {0.05F, 20};
  const Grid output = {0.04F, 128};
  const auto rule =
      average_rule(9, input.zero_point, double{input.scale} / double{output.scale} / 9.0,
                   rescaled_mean(input, output, 9));
  ASSERT_TRUE(rule);
  const auto expected = [](std::int64_t sum) {
    const double rescaled = std::round(static_cast<double>(sum - 20 * 9) * 1.25);
    return std::clamp(static_cast<int>(std::lround(rescaled / 9.0)) + 128, 0, 255);
  };
  EXPECT_EQ(first_wrong(*rule, 9, input.zero_point, expected), -1);
}

}  // namespace
}  // namespace coco_mcu::exchange
