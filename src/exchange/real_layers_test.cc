#include "exchange/real_layers.h"

#include <cmath>
#include <stdexcept>

#include <gtest/gtest.h>

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

Operator tensor(OperatorKind kind, int channels, float scale, int zero_point) {
  Operator layer;
  layer.kind = kind;
  layer.name = model::kind_name(kind);
  layer.height = 1;
  layer.width = 1;
  layer.channels = channels;
  layer.scale = scale;
  layer.zero_point = zero_point;
  return layer;
}

/// Two input channels, one output channel of the four-level weights -3 and 1: code = (accumulator +
/// 100.5) / 64 + 20, rounded to nearest.
model::IntegerModel one_convolution() {
  model::IntegerModel model;
  model.operators = {tensor(OperatorKind::kInput, 2, 0.5F, 10),
                     tensor(OperatorKind::kConvolution, 1, 0.25F, 20)};
  Operator& layer = model.operators.back();
  layer.inputs = {0};
  layer.format = core::WeightFormat::kFourLevel2;
  layer.weights = {0 + (2 << 2)};
  layer.requantization.shift = 8;
  layer.requantization.left_shift = 8;
  layer.requantization.multipliers = {1 << 10};  // 2^(8 + 10 - 16 - 8) = 1 / 64
  layer.requantization.offsets = {static_cast<std::int16_t>((20.5 + 100.5 / 64) * 256)};
  return model;
}

TEST(RealLayer, SpreadsFewBitsOverInt8SoThatTheBiasIsFine) {
  const model::IntegerModel model = one_convolution();
  const RealLayer made = real_layer(model, model.operators[1]);
  EXPECT_EQ(made.weights, (std::vector<std::int8_t>{-126, 42}));
  EXPECT_EQ(made.biases, std::vector<std::int32_t>{4221});  // 100.5 * 42
  // A unit of the accumulator is 0.25 / 64.
  EXPECT_FLOAT_EQ(made.bias_scales[0] * 42, 0.25F / 64);
  EXPECT_FLOAT_EQ(made.weight_scales[0] * 0.5F, made.bias_scales[0]);
  EXPECT_TRUE(made.table.empty());
}

TEST(RealLayer, TakesAReluAsSuchAndOtherLimitsAsATable) {
  model::IntegerModel model = one_convolution();
  Operator& layer = model.operators[1];
  layer.requantization.low = 20;
  EXPECT_TRUE(real_layer(model, layer).is_relu);
  layer.requantization.high = 200;
  const RealLayer made = real_layer(model, layer);
  EXPECT_FALSE(made.is_relu);
  ASSERT_EQ(made.table.size(), 256U);
  EXPECT_EQ(made.table[0], 20);
  EXPECT_EQ(made.table[100], 100);
  EXPECT_EQ(made.table[255], 200);
}

TEST(RealLayer, PutsAZeroPointBeyondTheCodesIntoTheBias) {
  model::IntegerModel model = one_convolution();
  const std::int32_t before = real_layer(model, model.operators[1]).biases[0];
  model.operators[0].zero_point = -5;  // of codes that are stored with zero point 0
  const std::int32_t moved = 5 * (-126 + 42);
  // The offset is that of an accumulator without the input's zero point.
  EXPECT_EQ(real_layer(model, model.operators[1]).biases[0], before + moved);
  EXPECT_FLOAT_EQ(addend(model.operators[0]), 2.5F);
}

TEST(RealLayer, RefusesAMultiplierThatScalesDoNotExplain) {
  model::IntegerModel model = one_convolution();
  Operator average = tensor(OperatorKind::kGlobalAverage, 2, 0.5F, 10);
  average.inputs = {0};
  average.requantization.multipliers = {1 << 14};  // 1 / 4: scales say 1
  average.requantization.offsets = {10};
  EXPECT_THROW(real_layer(model, average), std::runtime_error);
}

}  // namespace
}  // namespace coco_mcu::exchange
