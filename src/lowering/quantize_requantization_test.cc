#include "lowering/quantize_requantization.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/requantize.h"

namespace coco_mcu::lowering {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// floor(multiplier * accumulator + offset) without rounding down, clamped.
double exact_code(const RealRequantization& real, std::size_t c, std::int64_t accumulator) {
  return std::clamp(real.multipliers[c] * static_cast<double>(accumulator) + real.offsets[c], 0.0,
                    256.0);
}

int integer_code(const model::Requantization& rule, std::size_t c, std::int64_t accumulator) {
  return core::requantize_to_code(rule.view(), static_cast<std::int32_t>(accumulator), c);
}

/// The error that the header promises, in codes.
double promised_error(const RealRequantization& real, const model::Requantization& rule) {
  double largest = 0.0;
  for (std::size_t c = 0; c < real.multipliers.size(); ++c) {
    const auto& range = real.accumulators[c];
    const auto reach = static_cast<double>(std::max(-range.lowest, range.highest));
    largest = std::max(largest, *std::ranges::max_element(real.multipliers) * reach);
  }
  return std::ldexp(largest, -15) + std::ldexp(0.5, rule.offset_shift - rule.shift) + 1e-9;
}

void expect_close(const RealRequantization& real, std::mt19937& random) {
  const model::Requantization rule = requantization(real, "layer");
  const double allowed = promised_error(real, rule);
  for (std::size_t c = 0; c < real.multipliers.size(); ++c) {
    ASSERT_GE(rule.multipliers[c], 0);
    std::uniform_int_distribution<std::int64_t> any(real.accumulators[c].lowest,
                                                    real.accumulators[c].highest);
    for (int trial = 0; trial < 200; ++trial) {
      const std::int64_t accumulator = any(random);
      const double difference =
          exact_code(real, c, accumulator) - integer_code(rule, c, accumulator);
      // Rounding down takes up to one code; the exact value 256 means 255.
      ASSERT_GE(difference, -allowed - 1e-9) << accumulator;
      ASSERT_LE(difference, 1.0 + allowed) << accumulator;
    }
  }
}

TEST(Requantization, MeetsExactArithmeticOnRandomLayers) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> power(-22.0, 2.0);
  std::uniform_real_distribution<double> spread(0.05, 1.0);
  std::uniform_real_distribution<double> offset(-300.0, 600.0);
  for (int layer = 0; layer < 300; ++layer) {
    RealRequantization real;
    const double largest = std::exp2(power(random));
    const auto reach = static_cast<std::int64_t>(std::min(1000.0 / largest, 1e9));
    for (int c = 0; c < 8; ++c) {
      real.multipliers.push_back(largest * spread(random));
      real.offsets.push_back(offset(random));
      real.accumulators.push_back({-reach, reach});
    }
    expect_close(real, random);
  }
}

TEST(Requantization, OffsetIsFine) {
  const RealRequantization real = {{0.01}, {200.3}, {{-20000, 20000}}};
  const model::Requantization rule = requantization(real, "layer");
  EXPECT_GE(rule.shift - rule.offset_shift, 6);
  EXPECT_NEAR(std::ldexp(rule.offsets[0], rule.offset_shift - rule.shift), 200.3, 1.0 / 128.0);
}

TEST(Requantization, LargestMultiplierTakesFifteenBits) {
  const RealRequantization real = {{0.01, 0.001}, {0.5, 0.5}, {{0, 20000}, {0, 20000}}};
  const model::Requantization rule = requantization(real, "layer");
  EXPECT_GE(rule.multipliers[0], 1 << 14);
  EXPECT_NEAR(rule.multipliers[1], rule.multipliers[0] / 10.0, 0.51);
}

TEST(Requantization, LargeMultipliersAreShiftedLeft) {
  std::mt19937 random(2);
  const RealRequantization real = {{40.0}, {17.5}, {{-100, 100}}};
  EXPECT_GT(requantization(real, "layer").left_shift, 0);
  expect_close(real, random);
}

TEST(Requantization, MultiplierMayBeZero) {
  const RealRequantization real = {{0.0, 0.0}, {12.5, 250.75}, {{0, 1000}, {0, 1000}}};
  const model::Requantization rule = requantization(real, "layer");
  EXPECT_EQ(integer_code(rule, 0, 1000), 12);
  EXPECT_EQ(integer_code(rule, 1, 1000), 250);
}

TEST(Requantization, MultipliersSoSmallThatTheyNeverMatter) {
  const RealRequantization real = {{1e-30}, {3.5}, {{-1000, 1000}}};
  EXPECT_EQ(integer_code(requantization(real, "layer"), 0, 1000), 3);
}

TEST(Requantization, OffsetsThatAlwaysSaturateAreCutWithoutEffect) {
  // A channel of tiny weights against its bias, beside one that needs a fine offset.
  const RealRequantization real = {
      {0.01, 1e-6, 1e-6}, {100.3, 1e9, -1e9}, {{-9000, 9000}, {-9000, 9000}, {-9000, 9000}}};
  const model::Requantization rule = requantization(real, "layer");
  EXPECT_GE(rule.shift - rule.offset_shift, 6);
  for (const std::int64_t accumulator : {-9000, 0, 9000}) {
    EXPECT_EQ(integer_code(rule, 1, accumulator), 255);
    EXPECT_EQ(integer_code(rule, 2, accumulator), 0);
  }
}

TEST(Requantization, IntermediateValuesStayInside32Bits) {
  const std::int64_t reach = std::numeric_limits<std::int32_t>::max() / 2;
  const RealRequantization real = {{1e-7}, {128.5}, {{-reach, reach}}};
  const model::Requantization rule = requantization(real, "layer");
  EXPECT_EQ(rule.left_shift, 0);
  const std::int64_t scaled = (2 * reach * rule.multipliers[0]) >> 16;
  const std::int64_t offset = std::int64_t{rule.offsets[0]} << rule.offset_shift;
  EXPECT_LT(scaled + offset, std::int64_t{1} << 31);
}

TEST(Requantization, RefusesWhatDoesNotFit) {
  const std::int64_t reach = std::numeric_limits<std::int32_t>::max();
  EXPECT_THAT(([&] {
                requantization({{1000.0}, {0.5}, {{-reach, reach}}}, "bneck1.expand");
              }),
              ThrowsMessage<std::invalid_argument>(
                  AllOf(HasSubstr("layer bneck1.expand"), HasSubstr("32 bits"))));
  EXPECT_THAT(([&] {
                requantization({{std::nan("")}, {0.5}, {{0, 1}}}, "last");
              }),
              ThrowsMessage<std::invalid_argument>(HasSubstr("layer last, channel 0")));
  EXPECT_THROW(requantization({{-1.0}, {0.5}, {{0, 1}}}, "last"), std::invalid_argument);
}

}  // namespace
}  // namespace coco_mcu::lowering
