#include "network/quantizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::network {
namespace {

using ::testing::ElementsAre;

constexpr QuantizedTensor kWeight = QuantizedTensor::kWeight;
constexpr QuantizedTensor kOutput = QuantizedTensor::kOutput;

TEST(Quantizer, IsNamedAfterItsNodeAndTensor) {
  EXPECT_EQ(quantizer_name({.node = "a.conv", .tensor = kWeight}), "a.conv.weight_quantizer");
  EXPECT_EQ(quantizer_name({.node = "a.conv"}), "a.conv.output_quantizer");
}

TEST(Quantizer, IsFoundByNodeAndTensor) {
  const Quantizers quantizers = {{.node = "a"}, {.node = "b", .tensor = kWeight}, {.node = "b"}};
  EXPECT_EQ(find_quantizer(quantizers, "b", kWeight), &quantizers[1]);
  EXPECT_EQ(find_quantizer(quantizers, "b", kOutput), &quantizers[2]);
  EXPECT_EQ(find_quantizer(quantizers, "a", kWeight), nullptr);
  EXPECT_EQ(find_quantizer({}, "a", kOutput), nullptr);
}

TEST(Quantizer, KeepsAStepForEachChannelOrTwoEndsOfARange) {
  const Quantizer steps = {.node = "a", .tensor = kWeight, .kind = QuantizerKind::kLearnedStep};
  EXPECT_THAT(tensors_of(steps, 7), ElementsAre(NamedShape{"a.weight_quantizer.step", {7}}));
  EXPECT_THAT(tensors_of({.node = "a"}, 7), ElementsAre(NamedShape{"a.output_quantizer.min", {}},
                                                        NamedShape{"a.output_quantizer.max", {}}));
}

}  // namespace
}  // namespace coco_mcu::network
