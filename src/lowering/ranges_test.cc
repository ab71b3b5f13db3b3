#include "lowering/ranges.h"

#include <limits>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::lowering {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Ranges, GridHasZeroAmongItsValues) {
  const CodeGrid grid = code_grid({-1.0, 1.0});
  EXPECT_DOUBLE_EQ(grid.scale, 2.0 / 255.0);
  EXPECT_EQ(grid.zero_point, 128);  // 127.5 away from zero
  EXPECT_EQ(grid.value(128), 0.0);
}

TEST(Ranges, RangeIsWidenedToHoldZero) {
  EXPECT_EQ(code_grid({1.0, 2.0}), (CodeGrid{2.0 / 255.0, 0}));
  EXPECT_EQ(code_grid({-2.0, -1.0}), (CodeGrid{2.0 / 255.0, 255}));
}

TEST(Ranges, EmptyRangeMeansNothingButZero) {
  EXPECT_EQ(code_grid({0.0, 0.0}), (CodeGrid{1.0, 0}));
}

TEST(Ranges, RefusesWhatIsNoRange) {
  EXPECT_THROW(code_grid({1.0, -1.0}), std::invalid_argument);
  EXPECT_THAT(
      [] {
        code_grid({0.0, std::numeric_limits<double>::infinity()});
      },
      ThrowsMessage<std::invalid_argument>(HasSubstr("[0, inf]")));
}

TEST(Ranges, InputRangeHoldsBlackAndWhiteOfEveryChannel) {
  core::Preprocessing preprocessing;
  const float mean[3] = {0.5F, 0.25F, 0.0F};
  const float deviation[3] = {0.5F, 0.125F, 0.5F};
  for (int channel = 0; channel < 3; ++channel) {
    preprocessing.mean[channel] = mean[channel];
    preprocessing.deviation[channel] = deviation[channel];
  }
  EXPECT_EQ(input_range(preprocessing), (Range{-2.0, 6.0}));
}

}  // namespace
}  // namespace coco_mcu::lowering
