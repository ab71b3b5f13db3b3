#include "core/weight_format.h"

#include <array>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::core {
namespace {

using ::testing::ElementsAre;

TEST(WeightFormat, CodesMeanWhatThePageSays) {
  const std::uint8_t two_bits[] = {0b11'10'01'00};
  const auto weight = [&](WeightFormat format, std::size_t i) {
    return weight_at(format, two_bits, i);
  };
  EXPECT_EQ(weight(WeightFormat::kTernary2, 0), -1);
  EXPECT_EQ(weight(WeightFormat::kTernary2, 1), 0);
  EXPECT_EQ(weight(WeightFormat::kTernary2, 2), 1);
  EXPECT_EQ(weight(WeightFormat::kFourLevel2, 0), -3);
  EXPECT_EQ(weight(WeightFormat::kFourLevel2, 1), -1);
  EXPECT_EQ(weight(WeightFormat::kFourLevel2, 2), 1);
  EXPECT_EQ(weight(WeightFormat::kFourLevel2, 3), 3);
  const std::uint8_t four_bits[] = {0xF0};
  EXPECT_EQ(weight_at(WeightFormat::kSigned4, four_bits, 0), -8);
  EXPECT_EQ(weight_at(WeightFormat::kSigned4, four_bits, 1), 7);
  const std::uint8_t eight_bits[] = {0, 128, 255};
  EXPECT_EQ(weight_at(WeightFormat::kSigned8, eight_bits, 0), -128);
  EXPECT_EQ(weight_at(WeightFormat::kSigned8, eight_bits, 1), 0);
  EXPECT_EQ(weight_at(WeightFormat::kSigned8, eight_bits, 2), 127);
}

TEST(WeightFormat, NamesComeBack) {
  for (const WeightFormat format : kWeightFormats) {
    EXPECT_EQ(parse_format(format_name(format)), format);
    EXPECT_NE(kFormatNames.find(format_name(format)), std::string_view::npos);
  }
  EXPECT_EQ(parse_format("w2-ternary"), WeightFormat::kTernary2);
  EXPECT_EQ(parse_format("w3"), std::nullopt);
  EXPECT_EQ(parse_format(""), std::nullopt);
}

TEST(WeightFormat, RowsBeginAtWholeBytes) {
  EXPECT_EQ(packed_row_bytes(WeightFormat::kTernary2, 9), 3U);
  EXPECT_EQ(packed_row_bytes(WeightFormat::kFourLevel2, 8), 2U);
  EXPECT_EQ(packed_row_bytes(WeightFormat::kSigned4, 9), 5U);
  EXPECT_EQ(packed_row_bytes(WeightFormat::kSigned8, 9), 9U);
}

TEST(WeightFormat, PackedCodesComeBack) {
  std::mt19937 random(1);
  for (const WeightFormat format : kWeightFormats) {
    for (std::size_t count = 1; count < 40; ++count) {
      std::vector<std::uint8_t> codes(count);
      for (auto& code : codes) code = static_cast<std::uint8_t>(random() % weight_codes(format));
      std::vector<std::uint8_t> row(packed_row_bytes(format, count));
      pack_codes(format, codes.data(), count, row.data());
      std::vector<std::int8_t> weights(count);
      unpack_weights(format, row.data(), count, weights.data());
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(code_at(format, row.data(), i), codes[i]);
        EXPECT_EQ(weights[i], weight_origin(format) + weight_step(format) * codes[i]);
      }
    }
  }
}

TEST(WeightFormat, UnusedBitsAreZero) {
  const std::uint8_t codes[] = {3, 3, 3, 3, 3};
  std::array<std::uint8_t, 2> row = {0xFF, 0xFF};
  pack_codes(WeightFormat::kFourLevel2, codes, 5, row.data());
  EXPECT_THAT(row, ElementsAre(0xFF, 0x03));
}

}  // namespace
}  // namespace coco_mcu::core
