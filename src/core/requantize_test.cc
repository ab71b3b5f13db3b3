#include "core/requantize.h"

#include <array>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace coco_mcu::core {
namespace {

/// Multiplier 0.25 per unit, zero point 10, half up: multiplier 2^14, shift 2 with e = 1.
constexpr std::int16_t kQuarter = 1 << 14;
constexpr std::int16_t kTenAndAHalf = 21;

Requantization quarter() {
  Requantization rule;
  rule.multipliers = &kQuarter;
  rule.offsets = &kTenAndAHalf;
  rule.is_uniform = true;
  rule.left_shift = 2;
  rule.shift = 2;
  rule.offset_shift = 1;
  return rule;
}

TEST(Requantize, RoundsHalfUp) {
  const Requantization rule = quarter();
  EXPECT_EQ(requantize(rule, 0, 0), 10);
  EXPECT_EQ(requantize(rule, 1, 0), 10);
  EXPECT_EQ(requantize(rule, 2, 0), 11);
  EXPECT_EQ(requantize(rule, 3, 0), 11);
  EXPECT_EQ(requantize(rule, -2, 0), 10);
  EXPECT_EQ(requantize(rule, -3, 0), 9);
}

TEST(Requantize, SaturatesAtTheLimits) {
  Requantization rule = quarter();
  EXPECT_EQ(requantize(rule, 100000, 0), 255);
  EXPECT_EQ(requantize(rule, -100000, 0), 0);
  rule.low = 10;
  rule.high = 20;
  EXPECT_EQ(requantize(rule, -100000, 0), 10);
  EXPECT_EQ(requantize(rule, 100000, 0), 20);
}

TEST(Requantize, LooksTheCodeUpLast) {
  std::array<std::uint8_t, 256> table = {};
  for (std::size_t i = 0; i < 256; ++i) table[i] = static_cast<std::uint8_t>(255 - i);
  Requantization rule = quarter();
  rule.table = table.data();
  EXPECT_EQ(requantize(rule, 0, 0), 245);
  EXPECT_EQ(requantize_to_code(rule, 0, 0), 10);
}

TEST(Requantize, EachChannelHasItsOwnNumbers) {
  const std::int16_t multipliers[] = {1 << 14, 1 << 13};
  const std::int16_t offsets[] = {1, 41};
  Requantization rule = quarter();
  rule.multipliers = multipliers;
  rule.offsets = offsets;
  rule.is_uniform = false;
  EXPECT_EQ(requantize(rule, 100, 0), 25);
  EXPECT_EQ(requantize(rule, 100, 1), 33);  // 12.5 + 20.5
}

TEST(Requantize, TwoRoundingsDownAreOne) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 100000; ++trial) {
    const auto multiplier = static_cast<std::int16_t>(random() % 32768);
    const auto offset = static_cast<std::int16_t>(random());
    Requantization rule;
    rule.multipliers = &multiplier;
    rule.offsets = &offset;
    rule.is_uniform = true;
    rule.shift = static_cast<std::uint8_t>(1 + random() % 12);
    rule.offset_shift = static_cast<std::uint8_t>(random() % (rule.shift + 1U));
    const auto accumulator = static_cast<std::int32_t>(random()) >> 8;
    const double exact = (static_cast<double>(accumulator) * multiplier / 65536.0 +
                          static_cast<double>(offset) * (1 << rule.offset_shift)) /
                         (1 << rule.shift);
    const double code = std::min(255.0, std::max(0.0, std::floor(exact)));
    ASSERT_EQ(requantize(rule, accumulator, 0), code) << accumulator << " " << multiplier;
  }
}

}  // namespace
}  // namespace coco_mcu::core
