#include "lowering/quantize_kernel.h"

#include <limits>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::lowering {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Two output channels, windows of 2x2.
network::Node node() {
  network::Node made;
  made.op = network::Op::kConv;
  made.name = "layer";
  made.kernel = 2;
  made.output = {4, 4, 2};
  return made;
}

/// Two input channels; every weight is its index.
network::Tensors counted_tensors() {
  network::Tensor tensor{{2, 2, 2, 2}, {}};
  for (int i = 0; i < 16; ++i) tensor.values.push_back(static_cast<float>(i));
  return {{"layer.weight", tensor}};
}

TEST(QuantizeKernel, InputChannelsAreInnermost) {
  Kernel kernel = kernel_of(counted_tensors(), node());
  EXPECT_EQ(kernel.rows(), 2U);
  EXPECT_THAT(kernel.row(0), ElementsAre(0, 4, 1, 5, 2, 6, 3, 7));
  EXPECT_THAT(kernel.row(1), ElementsAre(8, 12, 9, 13, 10, 14, 11, 15));
}

TEST(QuantizeKernel, QuantizedWeightsGoBackToTheirPlaces) {
  const network::Tensors replaced =
      with_quantized_kernel(counted_tensors(), node(), core::WeightFormat::kSigned8);
  EXPECT_EQ(replaced.at("layer.weight").values, counted_tensors().at("layer.weight").values);
}

TEST(QuantizeKernel, RefusesWeightsThatAreNotFinite) {
  network::Tensors tensors = counted_tensors();
  tensors.at("layer.weight").values[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT([&] { kernel_of(tensors, node()); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("layer layer: 16 weights")));
}

}  // namespace
}  // namespace coco_mcu::lowering
