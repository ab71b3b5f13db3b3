#include "training/quantization_policy.h"

#include <algorithm>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/zoo/zoo.h"

namespace coco_mcu::training {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

std::vector<std::string> names_of(const QuantizationPolicy& policy,
                                  const network::Network& network) {
  std::vector<std::string> names;
  for (const Placement& each : policy) names.push_back(quantizer_name(network, each));
  return names;
}

TEST(QuantizationPolicy, NoneQuantizesNothing) {
  EXPECT_TRUE(quantization_policy("none", network::coco_mcu()).empty());
}

TEST(QuantizationPolicy, Of2019QuantizesConvolutionsWithoutBatchNorm) {
  const network::Network network = network::coco_mcu();
  const QuantizationPolicy policy = quantization_policy("tf-contrib-2019", network);
  EXPECT_EQ(std::ranges::count(policy, QuantizedSite::kWeight, &Placement::site), 36);
  EXPECT_EQ(std::ranges::count(policy, QuantizedSite::kOutput, &Placement::site), 37);
  for (const Placement& each : policy) {
    const bool is_weight = each.site == QuantizedSite::kWeight;
    EXPECT_EQ(each.options.bits, is_weight ? 2 : 8);
    EXPECT_EQ(each.options.narrow_range, is_weight);
  }
  const auto names = names_of(policy, network);
  EXPECT_THAT(names, Contains("bneck4.depthwise.squeeze_excite.squeeze.weight_quantizer"));
  EXPECT_THAT(names, Contains("bneck4.depthwise.squeeze_excite.squeeze.output_quantizer"));
  EXPECT_THAT(names, Contains("last_conv2.conv.output_quantizer"));
  EXPECT_THAT(names, Contains("last_conv2.activation.output_quantizer"));
  EXPECT_THAT(names, Contains("last_conv3.conv.output_quantizer"));
  EXPECT_THAT(names, Not(Contains("bneck4.expand.conv.weight_quantizer")));
}

TEST(QuantizationPolicy, Of2019QuantizesAfterTheActivationInTwoBottlenecks) {
  const network::Network network = network::coco_mcu();
  const auto names = names_of(quantization_policy("tf-contrib-2019", network), network);
  for (const std::string block : {"att_0.bneck5", "att_0.bneck6"}) {
    const std::string part = block + ".depthwise.squeeze_excite.";
    EXPECT_THAT(names, Contains(part + "relu.output_quantizer"));
    EXPECT_THAT(names, Contains(part + "gate.output_quantizer"));
    EXPECT_THAT(names, Not(Contains(part + "squeeze.output_quantizer")));
    EXPECT_THAT(names, Not(Contains(part + "excite.output_quantizer")));
  }
  EXPECT_THAT(names, Contains("att_1.bneck6.depthwise.squeeze_excite.excite.output_quantizer"));
}

TEST(QuantizationPolicy, UnknownNameListsTheKnownOnes) {
  EXPECT_THAT([] { quantization_policy("int3", network::coco_mcu()); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("there is: none, tf-contrib-2019")));
}

}  // namespace
}  // namespace coco_mcu::training
