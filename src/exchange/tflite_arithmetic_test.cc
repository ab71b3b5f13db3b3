#include "exchange/tflite_arithmetic.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "exchange/tflite_logistic.h"

namespace coco_mcu::exchange {
namespace {

TEST(TfliteRelu, RescalesAndClamps) {
  // Half the scale: twice the codes, exactly, whatever the rounding.
  core::LayerRequantization limits;
  limits.low = 30;
  limits.high = 200;
  const auto table = rescaling_table({0.02F, 100}, {0.01F, 30}, limits);
  for (int code = 0; code < 256; ++code) {
    const int expected = std::clamp(2 * (code - 100) + 30, 30, 200);
    EXPECT_EQ(table[static_cast<std::size_t>(code)], expected) << code;
  }
}

TEST(TfliteRelu, RoundsHalvesOfTheProductUpwards) {
  const auto table = rescaling_table({0.01F, 128}, {0.02F, 128}, {});
  EXPECT_EQ(table[129], 129);  // 0.5
  EXPECT_EQ(table[127], 128);  // -0.5
  EXPECT_EQ(table[131], 130);  // 1.5
}

TEST(TfliteRelu, HasNoTableWhereCodesWouldLeave32Bits) {
  EXPECT_TRUE(has_rescaling({1.0F, 0}, {1e-6F, 0}));
  EXPECT_FALSE(has_rescaling({1e6F, 0}, {1e-12F, 0}));
}

/// Products of 16 bits are near the real function: within one code.
TEST(TfliteHardSwish, FollowsTheFunctionOnManyGrids) {
  for (const float scale : {0.005F, 0.0235F, 0.047F, 0.11F, 0.3F}) {
    for (const int zero : {0, 3, 128, 250}) {
      const Grid input = {scale, zero};
      const Grid output = {scale * 0.9F, 20};
      ASSERT_TRUE(has_hard_swish(input, output));
      const auto table = hard_swish_table(input, output);
      for (int code = 0; code < 256; ++code) {
        const double x = double{scale} * (code - zero);
        const double y = x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0;
        const double expected = std::clamp(y / double{output.scale} + 20.0, 0.0, 255.0);
        EXPECT_NEAR(table[static_cast<std::size_t>(code)], expected, 1.0) << scale << " " << code;
      }
    }
  }
}

/// Fixed point of 31 bits is far finer than the codes: another code only next to a half.
TEST(TfliteLogistic, FollowsTheFunctionOnManyGrids) {
  int differing = 0;
  for (const float scale : {0.005F, 0.0235F, 0.047F, 0.11F, 0.3F}) {
    for (const int zero : {0, 3, 128, 250}) {
      const auto table = logistic_table({scale, zero});
      for (int code = 0; code < 256; ++code) {
        const double y = 1.0 / (1.0 + std::exp(-double{scale} * (code - zero)));
        const double expected = std::min(std::round(256.0 * y), 255.0);
        ASSERT_NEAR(table[static_cast<std::size_t>(code)], expected, 1.0) << scale << " " << code;
        if (table[static_cast<std::size_t>(code)] != expected) ++differing;
      }
    }
  }
  EXPECT_LE(differing, 5);
}

TEST(TfliteLogistic, HasOneOutputGrid) {
  EXPECT_TRUE(has_logistic({1.0F / 256.0F, 0}));
  EXPECT_FALSE(has_logistic({1.0F / 255.0F, 0}));
}

}  // namespace
}  // namespace coco_mcu::exchange
