#include "exchange/import_tflite.h"

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/tflite_writer.h"

namespace coco_mcu::exchange {
namespace {

using model::OperatorKind;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TfliteChanges;
using testing::TfliteWriter;
using ::testing::ThrowsMessage;

model::IntegerModel imported(const TfliteChanges& changes = {}) {
  return import_tflite(TfliteWriter::write(changes), "m.tflite",
                       {.name = "small", .labels = {"no person", "person"}});
}

std::function<void()> importing(const TfliteChanges& changes) {
  return [changes] { imported(changes); };
}

TEST(ImportTflite, MakesALayerOfEachOperatorButReshape) {
  const model::IntegerModel made = imported();
  ASSERT_EQ(made.operators.size(), 4U);
  EXPECT_EQ(made.operators[1].kind, OperatorKind::kConvolution);
  EXPECT_EQ(made.operators[2].kind, OperatorKind::kGlobalAverage);
  EXPECT_EQ(made.operators[3].kind, OperatorKind::kSoftmax);
  EXPECT_EQ(made.interface, model::Interface::kTensorflowLite);
}

TEST(ImportTflite, CodesAreInt8Plus128) {
  const model::Operator convolution = imported().operators[1];
  EXPECT_EQ(convolution.zero_point, 133);
  EXPECT_THAT(convolution.weights, ElementsAre(129, 130, 131, 124, 123, 122));
}

TEST(ImportTflite, MultipliersAreFixedPointNumbersOf31Bits) {
  // 0.02 * 0.01 / 0.05 = 0.004 = 0.512 * 2^-7, and twice as much.
  const std::vector<std::int32_t> numbers = imported().operators[1].requantization.twice;
  ASSERT_EQ(numbers.size(), 6U);
  EXPECT_NEAR(numbers[0], 0.512 * 2147483648.0, 1000.0);
  EXPECT_EQ(numbers[1], 100);
  EXPECT_EQ(numbers[2], 7);
  EXPECT_EQ(numbers[4], -100);
  EXPECT_EQ(numbers[5], 6);
}

TEST(ImportTflite, FusedActivationsAreLimits) {
  EXPECT_EQ(imported().operators[1].requantization.low, 0);
  const model::Requantization relu = imported({.activation = 1}).operators[1].requantization;
  EXPECT_EQ(relu.low, 133);
  EXPECT_EQ(relu.high, 255);
  const model::Requantization relu6 = imported({.activation = 3}).operators[1].requantization;
  EXPECT_EQ(relu6.high, 133 + 120);
}

TEST(ImportTflite, ActivationsOfTheirOwnAreTables) {
  for (const std::int32_t curve : {19, 21, 117}) {
    const model::IntegerModel made = imported({.curve = curve});
    ASSERT_EQ(made.operators.size(), 5U);
    EXPECT_EQ(made.operators[2].kind, OperatorKind::kLookup);
    const auto& table = made.operators[2].requantization.table;
    ASSERT_EQ(table.size(), 256U);
    EXPECT_EQ(table[133], 133);                            // 0 stays 0
    EXPECT_EQ(table[255], curve == 21 ? 133 + 120 : 255);  // 6.1
  }
}

TEST(ImportTflite, AnOperatorThatIsMissingIsNamedWithTheListOfThoseThereAre) {
  EXPECT_THAT(importing({.second_operator = 28}),
              ThrowsMessage<std::runtime_error>(
                  AllOf(HasSubstr("m.tflite: operator 1 (TANH) is not known; there is: "),
                        HasSubstr("CONV_2D, DEPTHWISE_CONV_2D"))));
}

TEST(ImportTflite, RefusesOptionsThatItsLayersLack) {
  EXPECT_THAT(importing({.activation = 4}),
              ThrowsMessage<std::runtime_error>(HasSubstr("(CONV_2D): fused activation number 4")));
  EXPECT_THAT(importing({.pool = 2}),
              ThrowsMessage<std::runtime_error>(HasSubstr("(AVERAGE_POOL_2D): ")));
  EXPECT_THAT(importing({.softmax_scale = 0.5F}),
              ThrowsMessage<std::runtime_error>(HasSubstr("not in units of 1/256")));
}

TEST(ImportTflite, RefusesEveryTruncation) {
  const std::vector<std::uint8_t> whole = TfliteWriter::write();
  const TfliteOptions options = {.name = "small", .labels = {"no person", "person"}};
  for (std::size_t size = 0; size < whole.size(); size += 13) {
    const std::vector<std::uint8_t> part(whole.begin(),
                                         whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(import_tflite(part, "m.tflite", options), std::runtime_error) << size;
  }
}

}  // namespace
}  // namespace coco_mcu::exchange
