#include "lowering/quantize_curves.h"

#include <cmath>
#include <stdexcept>

#include <gtest/gtest.h>

namespace coco_mcu::lowering {
namespace {

using network::Op;

TEST(QuantizeCurves, CurvesAreThoseOfTheField) {
  EXPECT_EQ(curve_value(Op::kRelu, -1.0), 0.0);
  EXPECT_EQ(curve_value(Op::kHardSwish, -4.0), 0.0);
  EXPECT_EQ(curve_value(Op::kHardSwish, 4.0), 4.0);
  EXPECT_DOUBLE_EQ(curve_value(Op::kHardSwish, -1.5), -0.375);
  EXPECT_DOUBLE_EQ(curve_value(Op::kHardSigmoid, 1.5), 0.75);
  EXPECT_DOUBLE_EQ(curve_value(Op::kSigmoidPlusOne, 0.0), 1.5);
  EXPECT_THROW(curve_value(Op::kAdd, 0.0), std::invalid_argument);
}

TEST(QuantizeCurves, TableGivesTheNearestCodeOfEveryCode) {
  const CodeGrid from = code_grid({-3.0, 8.0});
  const CodeGrid to = code_grid({-0.375, 8.0});
  const auto table = curve_table(Op::kHardSwish, from, to);
  ASSERT_EQ(table.size(), 256U);
  for (int code = 0; code < 256; ++code) {
    const double exact = curve_value(Op::kHardSwish, from.value(code));
    EXPECT_LE(std::abs(to.value(table[static_cast<std::size_t>(code)]) - exact),
              0.501 * to.scale + 1e-12)
        << code;
  }
}

TEST(QuantizeCurves, TableSaturates) {
  const auto table = curve_table(Op::kRelu, {1.0, 128}, {0.1, 0});
  EXPECT_EQ(table[0], 0);
  EXPECT_EQ(table[128], 0);
  EXPECT_EQ(table[129], 10);
  EXPECT_EQ(table[255], 255);
}

TEST(QuantizeCurves, MaskOfOneToTwoHasAZeroPointOutsideTheCodes) {
  const auto table = curve_table(Op::kSigmoidPlusOne, {0.05, 128}, {1.0 / 255.0, -255});
  EXPECT_EQ(table[0], 0);      // sigmoid(-6.4) = 0.0017
  EXPECT_EQ(table[128], 128);  // 127.5 away from zero
  EXPECT_EQ(table[255], 255);
}

TEST(QuantizeCurves, ClippingKeepsWhatTheCurveTellsApart) {
  EXPECT_EQ(clip_to_curve(Op::kHardSwish, {-10.0, 10.0}), (Range{-3.0, 10.0}));
  EXPECT_EQ(clip_to_curve(Op::kHardSwish, {-1.0, 2.0}), (Range{-1.0, 2.0}));
  EXPECT_EQ(clip_to_curve(Op::kHardSigmoid, {4.0, 10.0}), (Range{3.0, 3.0}));
}

TEST(QuantizeCurves, ExponentialsFallFromOne) {
  const auto table = softmax_exponentials(0.1);
  EXPECT_EQ(table[0], 65535);
  EXPECT_EQ(table[10], 24109);  // 65535 / e = 24108.99
  EXPECT_EQ(table[255], 0);
}

TEST(QuantizeCurves, InputTableNormalizesPixels) {
  core::Preprocessing preprocessing;
  preprocessing.mean[1] = 0.5F;
  preprocessing.deviation[1] = 0.25F;
  const CodeGrid grid = code_grid(input_range(preprocessing));  // [-2, 2]
  const auto tables = input_tables(preprocessing, grid);
  EXPECT_EQ(tables[1][0], 0);
  EXPECT_EQ(tables[1][255], 255);
  EXPECT_EQ(tables[0][0], grid.zero_point);  // black is 0 in a channel without mean
}

}  // namespace
}  // namespace coco_mcu::lowering
