#include "lowering/trained_quantizers.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::lowering {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(TrainedQuantizers, StoredNamesAreThoseOfTheCheckpoint) {
  EXPECT_EQ(stored_name({.node = "a.conv", .is_weight = true}), "a.conv.weight_quantizer");
  EXPECT_EQ(stored_name({.node = "a.conv", .is_weight = false}), "a.conv.output_quantizer");
}

TEST(TrainedQuantizers, WeightAndOutputOfANodeAreToldApart) {
  const TrainedQuantizers quantizers = {{.node = "a", .is_weight = true, .bits = 2},
                                        {.node = "a", .is_weight = false, .bits = 8}};
  EXPECT_EQ(find_quantizer(quantizers, "a", true)->bits, 2);
  EXPECT_EQ(find_quantizer(quantizers, "a", false)->bits, 8);
  EXPECT_EQ(find_quantizer(quantizers, "b", false), nullptr);
}

// The range [-0.7, 0.5] of two narrow bits: three levels 0.6 apart, the zero point 1 + 0.7 / 0.6
// rounded to 2.
TEST(TrainedQuantizers, NarrowTwoBitsAreThreeLevelsAroundZero) {
  const TrainedQuantizer quantizer = {.node = "a",
                                      .is_weight = true,
                                      .bits = 2,
                                      .narrow_range = true,
                                      .minimum = -0.7F,
                                      .maximum = 0.5F};
  const QuantizationGrid grid = grid_of(quantizer);
  EXPECT_FLOAT_EQ(grid.scale, 0.6F);
  EXPECT_FLOAT_EQ(fake_quantize(-5.0F, grid), -0.6F);
  EXPECT_FLOAT_EQ(fake_quantize(-0.31F, grid), -0.6F);
  EXPECT_EQ(fake_quantize(0.29F, grid), 0.0F);
  EXPECT_FLOAT_EQ(fake_quantize(0.31F, grid), 0.6F);
}

TEST(TrainedQuantizers, QuantizingTwiceIsQuantizingOnce) {
  const QuantizationGrid grid = grid_of({.node = "a", .minimum = -1.234F, .maximum = 4.321F});
  for (float x = -2.0F; x < 5.0F; x += 0.01F) {
    const float once = fake_quantize(x, grid);
    EXPECT_EQ(fake_quantize(once, grid), once) << x;
  }
}

TEST(TrainedQuantizers, AnEmptyRangeIsZero) {
  EXPECT_EQ(fake_quantize(3.0F, grid_of({.node = "a", .minimum = 0.0F, .maximum = 0.0F})), 0.0F);
}

TEST(TrainedQuantizers, EffectiveWeightsAreOnTheGridAndTheRestIsUntouched) {
  const network::Tensors tensors = {{"a.weight", {{4, 1, 1, 1}, {-0.9F, 0.1F, 0.4F, 0.6F}}},
                                    {"b.weight", {{1, 1, 1, 1}, {0.1F}}}};
  const TrainedQuantizers quantizers = {{.node = "a",
                                         .is_weight = true,
                                         .bits = 2,
                                         .narrow_range = true,
                                         .minimum = -1.0F,
                                         .maximum = 1.0F},
                                        {.node = "b", .minimum = -1.0F, .maximum = 1.0F}};
  const network::Tensors effective = effective_weights(tensors, quantizers);
  EXPECT_THAT(effective.at("a.weight").values, ElementsAre(-1.0F, 0.0F, 0.0F, 1.0F));
  EXPECT_THAT(effective.at("b.weight").values, ElementsAre(0.1F));
}

TEST(TrainedQuantizers, AQuantizerOfNoKernelIsRefused) {
  EXPECT_THAT([] { effective_weights({}, {{.node = "a.relu", .is_weight = true}}); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("a.relu.weight_quantizer")));
}

}  // namespace
}  // namespace coco_mcu::lowering
