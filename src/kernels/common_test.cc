#include "kernels/common.h"

#include <array>
#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::kernels {
namespace {

using ::testing::ElementsAre;

TEST(Upsample, TwiceByTwoWithACropIsFactorFourOffsetTwo) {
  const std::uint8_t x[] = {1, 2, 3};
  std::array<std::uint8_t, 10> out = {};
  upsample_row(x, out.size(), 1, 4, 2, out.data());
  EXPECT_THAT(out, ElementsAre(1, 1, 2, 2, 2, 2, 3, 3, 3, 3));
}

TEST(Concatenate, PutsChannelsSideBySideThroughTheirTables) {
  std::vector<std::uint8_t> table(256);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint8_t>(100 + i);
  Concatenation layer;
  layer.width = 2;
  layer.channels[0] = 1;
  layer.channels[1] = 2;
  layer.tables[1] = table.data();
  const std::uint8_t x[] = {1, 2};
  const std::uint8_t y[] = {3, 4, 5, 6};
  std::array<std::uint8_t, 6> out = {};
  concatenate_row(layer, x, y, out.data());
  EXPECT_THAT(out, ElementsAre(1, 103, 104, 2, 105, 106));
}

TEST(InputCodes, EachChannelHasItsTable) {
  std::vector<std::uint8_t> tables(768);
  for (std::size_t i = 0; i < tables.size(); ++i) tables[i] = static_cast<std::uint8_t>(i / 3);
  std::array<std::uint8_t, 6> pixels = {0, 0, 0, 30, 60, 255};
  input_codes(tables.data(), pixels.data(), 2, pixels.data());
  EXPECT_THAT(pixels, ElementsAre(0, 85, 170, 10, 105, 255));
}

TEST(InputCodes, AreLookedUpForAnyNumberOfPixels) {
  std::vector<std::uint8_t> tables(768);
  for (std::size_t i = 0; i < tables.size(); ++i) tables[i] = static_cast<std::uint8_t>(i * 7 + 3);
  for (std::size_t pixels = 0; pixels < 14; ++pixels) {
    std::vector<std::uint8_t> rgb(3 * pixels);
    std::vector<std::uint8_t> expected(3 * pixels);
    for (std::size_t i = 0; i < rgb.size(); ++i) {
      rgb[i] = static_cast<std::uint8_t>(i * 31 + 5);
      expected[i] = tables[i % 3 * 256 + rgb[i]];
    }
    std::vector<std::uint8_t> out(3 * pixels + 1, 0x5a);
    input_codes(tables.data(), rgb.data(), pixels, out.data());
    EXPECT_EQ(out.back(), 0x5a) << "written beyond " << pixels << " pixels";
    out.pop_back();
    EXPECT_EQ(out, expected) << pixels << " pixels";
  }
}

/// exp(-scale * d) in units of 1/65535.
std::array<std::uint16_t, 256> exponentials(double scale) {
  std::array<std::uint16_t, 256> table = {};
  for (std::size_t d = 0; d < table.size(); ++d) {
    table[d] = static_cast<std::uint16_t>(std::lround(65535 * std::exp(-scale * double(d))));
  }
  return table;
}

TEST(Softmax, EqualLogitsShareAlike) {
  const auto table = exponentials(0.1);
  const std::uint8_t logits[] = {77, 77};
  std::array<std::uint16_t, 2> p = {};
  softmax(table.data(), logits, 2, p.data());
  EXPECT_THAT(p, ElementsAre(16384, 16384));
}

TEST(Softmax, IsCloseToTheRealOne) {
  const double scale = 0.04;
  const auto table = exponentials(scale);
  for (int difference = 0; difference < 256; ++difference) {
    const std::uint8_t logits[] = {0, static_cast<std::uint8_t>(difference)};
    std::array<std::uint16_t, 2> p = {};
    softmax(table.data(), logits, 2, p.data());
    EXPECT_NEAR(p[1] / 32768.0, 1 / (1 + std::exp(-scale * difference)), 5e-5);
  }
}

TEST(Softmax, ACertainAnswerIsOne) {
  const auto table = exponentials(1.0);
  const std::uint8_t logits[] = {0, 255};
  std::array<std::uint16_t, 2> p = {};
  softmax(table.data(), logits, 2, p.data());
  EXPECT_THAT(p, ElementsAre(0, 32768));
}

}  // namespace
}  // namespace coco_mcu::kernels
