#include "lowering/bias_correction.h"

#include <array>

#include <gtest/gtest.h>

namespace coco_mcu::lowering {
namespace {

TEST(BiasCorrection, IsTheErrorOfTheWeightsTimesTheMeanInput) {
  const std::array<float, 4> weights = {0.4F, -0.7F, 1.2F, 0.0F};  // two places, two channels
  const QuantizedRow quantized{0.5, {1, -1, 2, 0}};
  const std::array<double, 2> means = {2.0, 10.0};
  EXPECT_NEAR(mean_shift(weights, quantized, means), 0.1 * 2.0 + 0.2 * 10.0 - 0.2 * 2.0, 1e-6);
}

TEST(BiasCorrection, ExactWeightsShiftNothing) {
  const std::array<float, 3> weights = {0.5F, -0.5F, 0.0F};
  const std::array<double, 1> mean = {3.0};
  EXPECT_DOUBLE_EQ(mean_shift(weights, quantize_row(weights, core::WeightFormat::kTernary2), mean),
                   0.0);
}

}  // namespace
}  // namespace coco_mcu::lowering
