#include "core/requantize.h"

#include <algorithm>
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

/// gemmlowp's two roundings, written as their definitions have it.
std::int32_t rounded_twice(std::int64_t x, std::int32_t multiplier, int shift) {
  const double product =
      static_cast<double>(x * (std::int64_t{1} << std::max(-shift, 0))) * multiplier / 2147483648.0;
  const auto high = static_cast<std::int64_t>(std::floor(product + 0.5));  // halves upwards
  if (shift <= 0) return static_cast<std::int32_t>(high);
  const double quotient = std::ldexp(static_cast<double>(high), -shift);
  return static_cast<std::int32_t>(std::lround(quotient));  // halves away from zero
}

TEST(RequantizeTwice, RoundsTheProductAndThenTheQuotient) {
  std::mt19937 random(5);
  for (int i = 0; i < 100000; ++i) {
    const auto accumulator = static_cast<std::int32_t>(random() % 60001) - 30000;
    const std::int32_t numbers[kTwiceNumbers] = {
        static_cast<std::int32_t>((std::uint32_t{1} << 30) + random() % (1U << 30)),
        static_cast<std::int32_t>(random() % 2001) - 1000,
        static_cast<std::int32_t>(random() % 14)};
    Requantization rule;
    rule.twice = numbers;
    rule.zero_point = static_cast<std::uint8_t>(random() % 256);
    const std::int32_t expected =
        rounded_twice(std::int64_t{accumulator} + numbers[1], numbers[0], numbers[2]) +
        rule.zero_point;
    ASSERT_EQ(requantize(rule, accumulator, 0), std::clamp(expected, 0, 255))
        << accumulator << ", " << numbers[0] << ", " << numbers[2];
  }
}

TEST(RequantizeTwice, HalvesOfTheQuotientGoAwayFromZero) {
  const std::int32_t numbers[] = {1 << 30, 0, 0, 1 << 30, 0, 1};  // times 1/2; times 1/4
  Requantization rule;
  rule.twice = numbers;
  rule.zero_point = 100;
  EXPECT_EQ(requantize(rule, 4, 0), 102);
  EXPECT_EQ(requantize(rule, -4, 0), 98);
  EXPECT_EQ(requantize(rule, 2, 1), 101);  // 1 / 2
  EXPECT_EQ(requantize(rule, -2, 1), 99);  // -1 / 2
  rule.high = 100;
  EXPECT_EQ(requantize(rule, 2, 1), 100);
}

}  // namespace
}  // namespace coco_mcu::core
