#include "exchange/tflite_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::exchange {
namespace {

using ::testing::ElementsAre;

const std::uint8_t kWeights[] = {1, 2, 255, 4};

TfliteFile made_up() {
  TfliteFile file;
  for (const char* name : {"x", "weights", "y", "z"}) {
    TfliteTensor tensor;
    tensor.name = name;
    tensor.shape = {1, 2, 2, 1};
    tensor.type = kTfliteInt8;
    tensor.scales = {0.5F};
    tensor.zero_points = {-3};
    file.tensors.push_back(tensor);
  }
  file.tensors[1].data = kWeights;
  file.tensors[1].scaled_dimension = 3;
  TfliteOperator convolution;
  convolution.op = TfliteOp::kDepthwise;
  convolution.inputs = {0, 1, -1};
  convolution.output = 2;
  convolution.pads = true;
  convolution.stride = 2;
  convolution.activation = kTfliteRelu6;
  TfliteOperator resize;
  resize.op = TfliteOp::kResizeNearest;
  resize.inputs = {2};
  resize.output = 3;
  resize.has_half_pixels = true;
  file.operators = {convolution, resize};
  file.output = 3;
  file.metadata = {{"labels", "no person,person"}};
  return file;
}

TEST(TfliteFile, IsReadAsItWasWritten) {
  const TfliteFile from = made_up();
  const std::string bytes = write_tflite(from, "made up");
  const TfliteFile read =
      read_tflite({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "m.tflite");
  ASSERT_EQ(read.tensors.size(), 4U);
  EXPECT_EQ(read.tensors[1].name, "weights");
  EXPECT_THAT(read.tensors[1].data, ElementsAre(1, 2, 255, 4));
  EXPECT_EQ(read.tensors[1].scaled_dimension, 3);
  EXPECT_THAT(read.tensors[0].shape, ElementsAre(1, 2, 2, 1));
  EXPECT_THAT(read.tensors[0].scales, ElementsAre(0.5F));
  EXPECT_THAT(read.tensors[0].zero_points, ElementsAre(-3));
  EXPECT_TRUE(read.tensors[0].data.empty());
  ASSERT_EQ(read.operators.size(), 2U);
  EXPECT_EQ(read.operators[0].op, TfliteOp::kDepthwise);
  EXPECT_THAT(read.operators[0].inputs, ElementsAre(0, 1, -1));
  EXPECT_TRUE(read.operators[0].pads);
  EXPECT_EQ(read.operators[0].stride, 2);
  EXPECT_EQ(read.operators[0].activation, kTfliteRelu6);
  EXPECT_EQ(read.operators[1].op, TfliteOp::kResizeNearest);
  EXPECT_TRUE(read.operators[1].has_half_pixels);
  EXPECT_EQ(read.input, 0);
  EXPECT_EQ(read.output, 3);
  EXPECT_EQ(read.metadata, from.metadata);
}

/// Runtimes read constants in place.
TEST(TfliteFile, ConstantsBeginAtMultiplesOfSixteenBytes) {
  const std::string bytes = write_tflite(made_up(), "made up");
  const std::string weights(reinterpret_cast<const char*>(kWeights), sizeof kWeights);
  EXPECT_EQ(bytes.find(weights) % 16, 0U);
}

}  // namespace
}  // namespace coco_mcu::exchange
