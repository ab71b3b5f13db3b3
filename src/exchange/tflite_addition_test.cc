#include "exchange/tflite_addition.h"

#include <cmath>
#include <cstdio>
#include <random>

#include <gtest/gtest.h>

namespace coco_mcu::exchange {
namespace {

Grid random_grid(std::mt19937& random) {
  return {static_cast<float>(1 + random() % 4294967295U) / 4294967296.0F,
          static_cast<int>(random() % 256)};
}

/// The integer factors of a sum of ours are nearly as good as TensorFlow Lite's finer grid: what is
/// left are sums next to a half.
TEST(TfliteAddition, HasARuleThatGivesTheSameCodesButForFewPairs) {
  std::mt19937 random(1);
  int without = 0;
  std::size_t most = 0;
  for (int trial = 0; trial < 100; ++trial) {
    const Grid x = random_grid(random);
    const Grid y = random_grid(random);
    const Grid output = {(x.scale + y.scale) * 0.9F, static_cast<int>(random() % 256)};
    const TfliteAddition::Rule rule = TfliteAddition(x, y, output).rule();
    if (rule.differing > 0) ++without;
    most = std::max(most, rule.differing);
  }
  std::printf("%d of 100 sums without an exact rule, %zu of 65,536 pairs at most\n", without, most);
  EXPECT_LE(without, 10);
  EXPECT_LE(most, 64U);
}

TEST(TfliteAddition, IsExactWhereScalesAreAlike) {
  const TfliteAddition addition({0.05F, 128}, {0.05F, 100}, {0.1F, 50});
  EXPECT_EQ(addition.code(148, 110), 65);  // 1.0 + 0.5
  EXPECT_EQ(addition.code(128, 101), 51);  // half a code, away from zero
  EXPECT_EQ(addition.rule().differing, 0U);
}

TEST(TfliteAddition, IsRefusedWhereTheOutputIsTooFine) {
  EXPECT_TRUE(TfliteAddition::is_possible({1.0F, 0}, {1.0F, 0}, {1e-4F, 0}));
  EXPECT_FALSE(TfliteAddition::is_possible({1e6F, 0}, {1.0F, 0}, {1e-6F, 0}));
}

TEST(TfliteProduct, HasAMultiplierWithin32Bits) {
  const auto fixed = product_multiplier({0.5F, 0}, {0.25F, 0}, {0.25F, 0});
  ASSERT_TRUE(fixed);
  EXPECT_EQ(fixed->multiplier, 1 << 30);
  EXPECT_EQ(fixed->shift, 0);
  EXPECT_FALSE(product_multiplier({1e6F, 0}, {1.0F, 0}, {1e-3F, 0}));
}

}  // namespace
}  // namespace coco_mcu::exchange
