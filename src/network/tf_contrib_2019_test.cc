#include "network/tf_contrib_2019.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/zoo/zoo.h"

namespace coco_mcu::network {
namespace {

using ::testing::Contains;
using ::testing::Not;

std::vector<std::string> names_of(const Quantizers& quantizers) {
  std::vector<std::string> names;
  for (const Quantizer& each : quantizers) names.push_back(quantizer_name(each));
  return names;
}

TEST(TfContrib2019, QuantizesConvolutionsWithoutBatchNorm) {
  const Quantizers quantizers = tf_contrib_2019(coco_mcu());
  EXPECT_EQ(std::ranges::count(quantizers, QuantizedTensor::kWeight, &Quantizer::tensor), 36);
  EXPECT_EQ(std::ranges::count(quantizers, QuantizedTensor::kOutput, &Quantizer::tensor), 37);
  for (const Quantizer& each : quantizers) {
    const bool is_weight = each.tensor == QuantizedTensor::kWeight;
    EXPECT_EQ(each.kind, QuantizerKind::kTrackedRange);
    EXPECT_EQ(each.bits, is_weight ? 2 : 8);
    EXPECT_EQ(each.narrow_range, is_weight);
  }
  const auto names = names_of(quantizers);
  EXPECT_THAT(names, Contains("bneck4.depthwise.squeeze_excite.squeeze.weight_quantizer"));
  EXPECT_THAT(names, Contains("bneck4.depthwise.squeeze_excite.squeeze.output_quantizer"));
  EXPECT_THAT(names, Contains("last_conv2.conv.output_quantizer"));
  EXPECT_THAT(names, Contains("last_conv2.activation.output_quantizer"));
  EXPECT_THAT(names, Contains("last_conv3.conv.output_quantizer"));
  EXPECT_THAT(names, Not(Contains("bneck4.expand.conv.weight_quantizer")));
}

TEST(TfContrib2019, QuantizesAfterTheActivationInTwoBottlenecks) {
  const auto names = names_of(tf_contrib_2019(coco_mcu()));
  for (const std::string block : {"att_0.bneck5", "att_0.bneck6"}) {
    const std::string part = block + ".depthwise.squeeze_excite.";
    EXPECT_THAT(names, Contains(part + "relu.output_quantizer"));
    EXPECT_THAT(names, Contains(part + "gate.output_quantizer"));
    EXPECT_THAT(names, Not(Contains(part + "squeeze.output_quantizer")));
    EXPECT_THAT(names, Not(Contains(part + "excite.output_quantizer")));
  }
  EXPECT_THAT(names, Contains("att_1.bneck6.depthwise.squeeze_excite.excite.output_quantizer"));
}

}  // namespace
}  // namespace coco_mcu::network
