#include "kernels/reference/reference.h"

#include <array>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::kernels::reference {
namespace {

using ::testing::ElementsAre;

/// Accumulators become codes unchanged: multiplier 2^14, left shift 2 undo the shift by 16.
constexpr std::int16_t kOne = 1 << 14;
constexpr std::int16_t kZero = 0;

core::Requantization identity() {
  core::Requantization rule;
  rule.multipliers = &kOne;
  rule.offsets = &kZero;
  rule.is_uniform = true;
  rule.left_shift = 2;
  return rule;
}

std::vector<std::uint8_t> packed(core::WeightFormat format, std::vector<std::uint8_t> codes,
                                 std::size_t rows) {
  const std::size_t count = codes.size() / rows;
  const std::size_t bytes = core::packed_row_bytes(format, count);
  std::vector<std::uint8_t> weights(rows * bytes);
  for (std::size_t i = 0; i < rows; ++i) {
    core::pack_codes(format, codes.data() + i * count, count, weights.data() + i * bytes);
  }
  return weights;
}

TEST(ReferenceConvolution, SumsProductsOverWindowAndChannels) {
  // One pixel of two channels, 1x1, two outputs: 3*1 + 4*0 = 3 and 3*1 + 4*1 = 7.
  const auto weights = packed(core::WeightFormat::kTernary2, {2, 1, 2, 2}, 2);
  Convolution layer;
  layer.in_width = layer.out_width = 1;
  layer.in_channels = layer.out_channels = 2;
  layer.format = core::WeightFormat::kTernary2;
  layer.weights = weights.data();
  layer.requantization = identity();
  const std::uint8_t x[] = {3, 4};
  const std::uint8_t* rows[] = {x};
  std::array<std::uint8_t, 2> scratch = {};
  std::array<std::uint8_t, 2> out = {};
  ASSERT_EQ(kConvolution.scratch_bytes(layer), scratch.size());
  kConvolution.row(layer, scratch.data(), rows, out.data());
  EXPECT_THAT(out, ElementsAre(3, 7));
}

TEST(ReferenceConvolution, TakesZeroPointsOffAndPadsWithThem) {
  // 3x3 of ones over a 2x1 row between rows of padding.
  const auto weights = packed(core::WeightFormat::kTernary2, std::vector<std::uint8_t>(9, 2), 1);
  Convolution layer;
  layer.in_width = layer.out_width = 2;
  layer.in_channels = layer.out_channels = 1;
  layer.kernel = 3;
  layer.padding = 1;
  layer.zero_point = 10;
  layer.format = core::WeightFormat::kTernary2;
  layer.weights = weights.data();
  layer.requantization = identity();
  const std::uint8_t x[] = {30, 7};
  const std::uint8_t* rows[] = {nullptr, x, nullptr};
  std::array<std::uint8_t, 9> scratch = {};
  std::array<std::uint8_t, 2> out = {};
  kConvolution.row(layer, scratch.data(), rows, out.data());
  EXPECT_THAT(out, ElementsAre(17, 17));
}

TEST(ReferenceDepthwise, KeepsChannelsApartAndStrides) {
  // 3x3 with only the right column's middle weight 1 (ternary), stride 2, two channels.
  std::vector<std::uint8_t> codes(18, 1);
  codes[5] = 2;
  codes[9 + 4] = 2;
  const auto weights = packed(core::WeightFormat::kTernary2, codes, 2);
  Convolution layer;
  layer.in_width = 4;
  layer.out_width = 2;
  layer.in_channels = layer.out_channels = 2;
  layer.kernel = 3;
  layer.stride = 2;
  layer.padding = 1;
  layer.zero_point = 1;
  layer.format = core::WeightFormat::kTernary2;
  layer.weights = weights.data();
  layer.requantization = identity();
  const std::uint8_t x[] = {1, 11, 2, 12, 3, 13, 4, 14};
  const std::uint8_t* rows[] = {nullptr, x, nullptr};
  std::array<std::uint8_t, 9> scratch = {};
  std::array<std::uint8_t, 4> out = {};
  kDepthwise.row(layer, scratch.data(), rows, out.data());
  EXPECT_THAT(out, ElementsAre(1, 10, 3, 12));
}

TEST(ReferenceMultiply, TakesZeroPointsOffAndReadsTheSecondOperandCoarsely) {
  Multiply layer;
  layer.width = 3;
  layer.channels = 1;
  layer.zero_point = 10;
  layer.by_zero_point = -1;
  layer.factor = 2;
  layer.offset = 1;
  layer.requantization = identity();
  const std::uint8_t x[] = {11, 12, 13};
  const std::uint8_t by[] = {1, 2};  // columns 0, 1, 1
  std::array<std::uint8_t, 3> out = {};
  multiply_row(layer, x, by, out.data());
  EXPECT_THAT(out, ElementsAre(2, 6, 9));
}

TEST(ReferenceAdd, TakesZeroPointsOffAndWeighsBothInputs) {
  Add layer;
  layer.factors[0] = 2;
  layer.factors[1] = 3;
  layer.zero_points[0] = 1;
  layer.zero_points[1] = -2;
  layer.requantization = identity();
  const std::uint8_t x[] = {1, 20, 200};
  const std::uint8_t y[] = {1, 10, 200};
  std::array<std::uint8_t, 3> out = {};
  add(layer, x, y, 3, out.data());
  EXPECT_THAT(out, ElementsAre(9, 74, 255));
}

TEST(ReferenceSums, GrowByEachPixel) {
  const std::uint8_t x[] = {1, 2, 3, 4, 5, 6};
  std::array<std::int32_t, 2> sums = {100, 0};
  sum_pixels(x, 3, 2, sums.data());
  EXPECT_THAT(sums, ElementsAre(109, 12));
}

TEST(ReferenceMaxPool, DropsWindowsThatDoNotFit) {
  MaxPool layer;
  layer.in_width = 5;
  layer.out_width = 2;
  layer.channels = 1;
  layer.kernel = 2;
  layer.stride = 2;
  const std::uint8_t upper[] = {1, 2, 3, 4, 99};
  const std::uint8_t lower[] = {5, 0, 0, 0, 99};
  const std::uint8_t* rows[] = {upper, lower};
  std::array<std::uint8_t, 2> out = {};
  max_pool_row(layer, rows, out.data());
  EXPECT_THAT(out, ElementsAre(5, 4));
}

TEST(ReferenceLookup, WorksInPlace) {
  std::array<std::uint8_t, 256> table = {};
  table[7] = 70;
  std::array<std::uint8_t, 3> x = {7, 0, 7};
  lookup(table.data(), x.data(), x.size(), x.data());
  EXPECT_THAT(x, ElementsAre(70, 0, 70));
}

}  // namespace
}  // namespace coco_mcu::kernels::reference
