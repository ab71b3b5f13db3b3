#include "lowering/quantize.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/requantize.h"
#include "core/weight_format.h"
#include "network/blocks.h"

namespace coco_mcu::lowering {
namespace {

using core::WeightFormat;
using model::Operator;
using model::OperatorKind;
using network::Builder;
using network::Network;
using network::NodeId;
using network::Op;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

/// Pixels become -1..1: code 128 of 256 is about 0.
constexpr core::Preprocessing kPreprocessing = {
    .height = 1, .width = 1, .mean = {0.5F, 0.5F, 0.5F}, .deviation = {0.5F, 0.5F, 0.5F}};

/// One pixel, one convolution of two channels with batch norm, and what it is made of.
struct OneLayer {
  Network network;
  network::Tensors tensors;
  Calibration calibration;
  QuantizeOptions options;

  explicit OneLayer(std::optional<Op> activation = std::nullopt) {
    Builder net("one");
    NodeId x = net.input({1, 1, 3});
    x = conv_norm(net, "layer", x, {.filters = 2, .activation = activation});
    net.softmax("probs", x);
    network = net.finish({"no person", "person"});
    tensors = {{"layer.conv.weight", {{2, 3, 1, 1}, {0.5F, -0.25F, 0.125F, 1.0F, 0.75F, -0.5F}}},
               {"layer.batch_norm.weight", {{2}, {1.5F, -2.0F}}},
               {"layer.batch_norm.bias", {{2}, {0.25F, -0.5F}}},
               {"layer.batch_norm.running_mean", {{2}, {0.125F, 0.25F}}},
               {"layer.batch_norm.running_var", {{2}, {0.999F, 3.999F}}}};  // deviations 1 and 2
    calibration.ranges = {{"layer.batch_norm", {-2.0, 2.0}}, {"layer.activation", {-0.5, 2.0}}};
    calibration.means = {{"input", {0.0, 0.0, 0.0}}};
    options.preprocessing = kPreprocessing;
    options.formats = {{"layer", WeightFormat::kSigned8}};
  }

  model::IntegerModel quantized() const {
    return quantize(network, fuse(network), tensors, calibration, options);
  }
};

/// The output code of the convolution for one pixel's codes.
int code_of(const Operator& layer, const std::array<int, 3>& input, int zero_point,
            std::size_t channel) {
  const std::uint8_t* row =
      layer.weights.data() + channel * core::packed_row_bytes(layer.format, input.size());
  std::int32_t accumulator = 0;
  for (std::size_t i = 0; i < input.size(); ++i) {
    accumulator += (input[i] - zero_point) * core::weight_at(layer.format, row, i);
  }
  return core::requantize(layer.requantization.view(), accumulator, channel);
}

/// What the float network computes for the same pixel, before the activation.
double float_value(const std::array<int, 3>& input, const Operator& input_layer,
                   std::size_t channel) {
  const double weights[2][3] = {{0.5, -0.25, 0.125}, {1.0, 0.75, -0.5}};
  const double gain[2] = {1.5, -1.0};
  const double shift[2] = {0.25 - 1.5 * 0.125, -0.5 + 0.25};
  double sum = 0.0;
  for (std::size_t i = 0; i < input.size(); ++i) {
    sum += weights[channel][i] * input_layer.scale * (input[i] - input_layer.zero_point);
  }
  return gain[channel] * sum + shift[channel];
}

constexpr std::array<std::array<int, 3>, 5> kPixels = {
    {{0, 0, 0}, {255, 255, 255}, {128, 128, 128}, {255, 0, 30}, {17, 99, 201}}};

/// Every pixel's code within half a code and what the weights' rounding adds.
void expect_codes(const model::IntegerModel& made, double (*activation)(double), double slack) {
  const Operator& layer = made.operators[1];
  for (const auto& pixel : kPixels) {
    for (const std::size_t channel : {0, 1}) {
      const double value = activation(float_value(pixel, made.operators[0], channel));
      const double code = std::clamp(value / layer.scale + layer.zero_point, 0.0, 255.0);
      EXPECT_NEAR(code_of(layer, pixel, made.operators[0].zero_point, channel), code, 0.5 + slack)
          << channel;
    }
  }
}

TEST(Quantize, BatchNormGoesIntoMultipliersAndOffsets) {
  const model::IntegerModel made = OneLayer().quantized();
  EXPECT_THAT(made.operators[1].requantization.table, IsEmpty());
  expect_codes(
      made, [](double x) { return x; }, 0.3);
}

TEST(Quantize, NegativeGainTurnsTheWeights) {
  const model::IntegerModel made = OneLayer().quantized();
  const Operator& layer = made.operators[1];
  EXPECT_THAT(layer.requantization.multipliers, Each(::testing::Ge(0)));
  EXPECT_GT(core::weight_at(layer.format, layer.weights.data(), 0), 0);
  EXPECT_LT(core::weight_at(layer.format, layer.weights.data() + 3, 0), 0);
}

TEST(Quantize, ReluIsALimit) {
  OneLayer one(Op::kRelu);
  one.calibration.ranges["layer.activation"] = {0.0, 2.0};
  const model::IntegerModel made = one.quantized();
  EXPECT_THAT(made.operators, SizeIs(3));
  EXPECT_EQ(made.operators[1].requantization.low, 0);
  expect_codes(
      made, [](double x) { return std::max(x, 0.0); }, 0.5);
}

TEST(Quantize, ReluOnATrainedGridStartsAtItsZeroPoint) {
  OneLayer one(Op::kRelu);
  one.calibration.ranges["layer.activation"] = {-2.0, 2.0};
  const model::IntegerModel made = one.quantized();
  EXPECT_EQ(made.operators[1].zero_point, 128);
  EXPECT_EQ(made.operators[1].requantization.low, 128);
  expect_codes(
      made, [](double x) { return std::max(x, 0.0); }, 0.3);
}

TEST(Quantize, HardSwishIsATable) {
  const model::IntegerModel made = OneLayer(Op::kHardSwish).quantized();
  EXPECT_THAT(made.operators[1].requantization.table, SizeIs(256));
  expect_codes(
      made, [](double x) { return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0; }, 1.5);
}

TEST(Quantize, HardSigmoidBehindAConvolutionIsALine) {
  const model::IntegerModel made = OneLayer(Op::kHardSigmoid).quantized();
  EXPECT_THAT(made.operators[1].requantization.table, IsEmpty());
  EXPECT_FLOAT_EQ(made.operators[1].scale, 1.0F / 255.0F);
  expect_codes(
      made, [](double x) { return std::clamp(x + 3.0, 0.0, 6.0) / 6.0; }, 0.5);
}

TEST(Quantize, GainOfZeroLeavesTheShift) {
  OneLayer one;
  one.tensors.at("layer.batch_norm.weight").values[0] = 0.0F;
  const model::IntegerModel made = one.quantized();
  const Operator& layer = made.operators[1];
  EXPECT_EQ(layer.requantization.multipliers[0], 0);
  for (const auto& pixel : kPixels) {
    EXPECT_EQ(code_of(layer, pixel, made.operators[0].zero_point, 0),
              std::lround(0.25 / layer.scale) + layer.zero_point);
  }
}

TEST(Quantize, BiasCorrectionKeepsTheMean) {
  OneLayer one;
  one.options.formats = {{"layer", WeightFormat::kTernary2}};
  one.calibration.means = {{"input", {0.6, 0.5, 0.7}}};
  const model::IntegerModel corrected = one.quantized();
  one.options.bias_correction = false;
  const model::IntegerModel plain = one.quantized();
  const Operator& input = corrected.operators[0];
  std::array<int, 3> mean_pixel = {};
  for (std::size_t i = 0; i < 3; ++i) {
    mean_pixel[i] = static_cast<int>(
        std::lround(one.calibration.means.at("input")[i] / input.scale) + input.zero_point);
  }
  const auto error = [&](const model::IntegerModel& made, std::size_t channel) {
    const Operator& layer = made.operators[1];
    const double value =
        layer.scale * (code_of(layer, mean_pixel, input.zero_point, channel) - layer.zero_point);
    return std::abs(value - float_value(mean_pixel, input, channel));
  };
  for (const std::size_t channel : {0, 1}) {
    EXPECT_LE(error(corrected, channel), 0.01) << channel;  // a code is 4 / 255
    EXPECT_GT(error(plain, channel), 0.02) << channel;
  }
}

/// Two branches of different scales that are added, then averaged.
model::IntegerModel quantized_sum(double larger) {
  Builder net("sum");
  const NodeId x = net.input({2, 2, 3});
  const NodeId a = net.conv("a", x, {.filters = 2});
  const NodeId b = net.conv("b", x, {.filters = 2});
  const NodeId mean = net.global_average_pool("mean", net.add("sum", a, b));
  net.softmax("probs", mean);
  const Network network = net.finish({"no", "yes"});
  const network::Tensor weights = {{2, 3, 1, 1}, {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F}};
  const network::Tensors tensors = {{"a.weight", weights}, {"b.weight", weights}};
  Calibration calibration;
  calibration.ranges = {{"a", {-larger, larger}},
                        {"b", {-1.0, 2.0}},
                        {"sum", {-larger, larger}},
                        {"mean", {-larger, larger}}};
  QuantizeOptions options;
  options.preprocessing = kPreprocessing;
  options.preprocessing.height = options.preprocessing.width = 2;
  options.formats = {{"a", WeightFormat::kSigned8}, {"b", WeightFormat::kSigned8}};
  options.bias_correction = false;
  return quantize(network, fuse(network), tensors, calibration, options);
}

TEST(Quantize, FactorsOfAnAddMeetBothScales) {
  for (const double larger : {1.5, 2.0, 3.7, 10.0, 50.0}) {
    const model::IntegerModel made = quantized_sum(larger);
    const Operator& a = made.operators[1];
    const Operator& b = made.operators[2];
    const Operator& sum = made.operators[3];
    ASSERT_EQ(sum.kind, OperatorKind::kAdd);
    const model::Requantization& rule = sum.requantization;
    const double unit = std::ldexp(rule.multipliers[0], rule.left_shift - 16 - rule.shift);
    EXPECT_NEAR(unit * sum.factors[0] * sum.scale / a.scale, 1.0, 1e-4) << larger;
    EXPECT_NEAR(unit * sum.factors[1] * sum.scale / b.scale, 1.0, 1e-4) << larger;
  }
}

TEST(Quantize, AverageDividesByThePixels) {
  const model::IntegerModel made = quantized_sum(2.0);
  const Operator& mean = made.operators[4];
  ASSERT_EQ(mean.kind, OperatorKind::kGlobalAverage);
  const model::Requantization& rule = mean.requantization;
  EXPECT_THAT(rule.multipliers, SizeIs(1));
  EXPECT_NEAR(std::ldexp(rule.multipliers[0], rule.left_shift - 16 - rule.shift), 0.25, 1e-4);
}

TEST(Quantize, ModelCarriesWhatBelongsToIt) {
  OneLayer one;
  one.options.threshold = 0.25;
  one.options.provenance = {{"source", "a test"}};
  const model::IntegerModel made = one.quantized();
  EXPECT_EQ(made.network, "one");
  EXPECT_EQ(made.preprocessing, kPreprocessing);
  EXPECT_THAT(made.labels, ElementsAre("no person", "person"));
  EXPECT_EQ(made.decision_label, 1);
  EXPECT_EQ(made.threshold, 8192);
  EXPECT_EQ(made.provenance.at("source"), "a test");
  EXPECT_EQ(made.operators[2].exponentials[0], 65535);
}

TEST(Quantize, CountsWhatIsStored) {
  const StoredBytes stored = stored_bytes(OneLayer(Op::kHardSwish).quantized());
  EXPECT_EQ(stored.weights, 6);
  EXPECT_EQ(stored.requantization, 8);
  EXPECT_EQ(stored.tables, 256 + 512 + 768);
  EXPECT_EQ(stored.total(), 6 + 8 + 256 + 512 + 768);
}

TEST(Quantize, RefusesWhatDoesNotFit) {
  OneLayer no_format;
  no_format.options.formats.clear();
  EXPECT_THAT([&] { no_format.quantized(); },
              ThrowsMessage<std::invalid_argument>(
                  AllOf(HasSubstr("layer layer"), HasSubstr("weight format"))));
  OneLayer not_finite;
  not_finite.tensors.at("layer.conv.weight").values[3] = std::numeric_limits<float>::infinity();
  EXPECT_THAT([&] { not_finite.quantized(); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("layer layer.conv")));
  OneLayer other_size;
  other_size.options.preprocessing.height = 2;
  EXPECT_THAT([&] { other_size.quantized(); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("its input is 1x1x3")));
  OneLayer no_means;
  no_means.calibration.means.clear();
  // Weights on no grid of 8 bits: what rounding shifts has to be known.
  no_means.tensors.at("layer.conv.weight").values = {0.3171F, -0.2293F, 0.1177F, 1.0F, 0.7F, 0.1F};
  EXPECT_THAT([&] { no_means.quantized(); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("means of its input")));
}

}  // namespace
}  // namespace coco_mcu::lowering
