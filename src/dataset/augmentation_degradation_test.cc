#include "dataset/augmentation_degradation.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/support/gradient.h"

namespace coco_mcu::dataset {
namespace {

using Bytes = std::vector<std::uint8_t>;

Image gradient_picture(int height, int width) {
  return {height, width, coco_mcu::testing::gradient(height, width)};
}

/// Every second pixel white, the others black.
Image checkerboard(int side) {
  Image image{side, side, {}};
  for (int i = 0; i < side * side; ++i) {
    const bool white = (i % side + i / side) % 2 == 1;
    image.rgb.insert(image.rgb.end(), 3, white ? 255 : 0);
  }
  return image;
}

double mean_difference(const Image& first, const Image& second) {
  EXPECT_EQ(first.rgb.size(), second.rgb.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < first.rgb.size(); ++i) {
    sum += std::abs(first.rgb[i] - second.rgb[i]);
  }
  return sum / static_cast<double>(first.rgb.size());
}

TEST(Shrink, ToItsOwnSizeChangesNothing) {
  const Image image = gradient_picture(17, 23);
  EXPECT_EQ(shrink(image, 17, 23).rgb, image.rgb);
}

TEST(Shrink, AveragesWhatEachPixelCovers) {
  const Image image{2, 4, {10, 0, 0, 20, 0, 0, 30, 0, 0, 40, 0, 0,  //
                           50, 0, 0, 60, 0, 0, 70, 0, 0, 80, 0, 0}};
  EXPECT_EQ(shrink(image, 1, 2).rgb, (Bytes{35, 0, 0, 55, 0, 0}));
  EXPECT_EQ(shrink(image, 1, 1).rgb, (Bytes{45, 0, 0}));
}

TEST(Shrink, SharesPixelsThatLieAcrossABorder) {
  const Image image{1, 3, {30, 30, 30, 60, 60, 60, 90, 90, 90}};
  EXPECT_EQ(shrink(image, 1, 2).rgb, (Bytes{40, 40, 40, 80, 80, 80}));
}

TEST(Shrink, DoesNotAlias) {
  const Image small = shrink(checkerboard(64), 16, 16);
  EXPECT_TRUE(std::ranges::all_of(small.rgb, [](int v) { return v >= 127 && v <= 128; }));
}

TEST(Shrink, KeepsWhiteWhite) {
  const Image white{31, 29, Bytes(31 * 29 * 3, 255)};
  for (const int side : {1, 2, 7, 13, 28}) {
    const Image small = shrink(white, side, side);
    EXPECT_EQ(small.rgb, Bytes(std::size_t{3} * side * side, 255)) << side;
  }
}

TEST(Shrink, NeverEnlarges) {
  const Image image = gradient_picture(8, 8);
  EXPECT_THROW(shrink(image, 9, 8), std::invalid_argument);
  EXPECT_THROW(shrink(image, 8, 0), std::invalid_argument);
}

TEST(Degrade, AtFullSizeWithoutCompressionNothingChanges) {
  const Image before = gradient_picture(24, 32);
  Image after = before;
  degrade(after, 1.0, std::nullopt);
  EXPECT_EQ(after.rgb, before.rgb);
}

TEST(Degrade, TakesDetailsAwayAndKeepsTheSize) {
  Image image = checkerboard(32);
  degrade(image, 0.5, std::nullopt);
  EXPECT_EQ(image.height, 32);
  EXPECT_EQ(image.width, 32);
  for (const int value : image.rgb) EXPECT_NEAR(value, 127.5, 1.0);
}

TEST(Degrade, KeepsWhatIsSmooth) {
  const Image before = gradient_picture(64, 64);
  Image after = before;
  degrade(after, 0.5, std::nullopt);
  EXPECT_LT(mean_difference(after, before), 2.0);
}

TEST(Degrade, CompressionLosesMoreAtALowerQuality) {
  const Image before = checkerboard(64);
  Image good = before;
  Image poor = before;
  degrade(good, 1.0, 95);
  degrade(poor, 1.0, 5);
  EXPECT_GT(mean_difference(good, before), 0.0);
  EXPECT_GT(mean_difference(poor, before), mean_difference(good, before));
}

TEST(Degrade, ToAlmostNothingStillIsAPicture) {
  Image image = gradient_picture(24, 32);
  degrade(image, 0.001, 50);
  EXPECT_EQ(image.rgb.size(), 24U * 32U * 3U);
}

TEST(Noise, OfNoDeviationChangesNothing) {
  const Image before = gradient_picture(24, 32);
  Image after = before;
  Random random({1});
  add_noise(after, 0.0, random);
  EXPECT_EQ(after.rgb, before.rgb);
}

TEST(Noise, HasTheDeviationThatIsAskedFor) {
  Image image{128, 128, Bytes(128 * 128 * 3, 128)};
  Random random({2});
  add_noise(image, 0.05, random);
  double sum = 0.0;
  double squares = 0.0;
  for (const int value : image.rgb) {
    sum += value - 128;
    squares += (value - 128) * (value - 128);
  }
  const auto count = static_cast<double>(image.rgb.size());
  EXPECT_NEAR(sum / count, 0.0, 0.8);
  EXPECT_NEAR(std::sqrt(squares / count), 0.05 * 255, 0.7);
}

TEST(Noise, ChannelsAndPixelsAreUnrelated) {
  Image image{128, 128, Bytes(128 * 128 * 3, 128)};
  Random random({3});
  add_noise(image, 0.1, random);
  for (const std::size_t lag : {1U, 2U, 3U, 5U, 384U}) {
    double product = 0.0;
    for (std::size_t i = lag; i < image.rgb.size(); ++i) {
      product += (image.rgb[i] - 128.0) * (image.rgb[i - lag] - 128.0);
    }
    const double correlation = product / static_cast<double>(image.rgb.size()) / (25.5 * 25.5);
    EXPECT_NEAR(correlation, 0.0, 0.03) << lag;
  }
}

TEST(Noise, StaysInRange) {
  Image black{32, 32, Bytes(32 * 32 * 3, 0)};
  Image white{32, 32, Bytes(32 * 32 * 3, 255)};
  Random random({4});
  add_noise(black, 0.02, random);
  add_noise(white, 0.02, random);
  EXPECT_LT(*std::ranges::max_element(black.rgb), 60);
  EXPECT_GT(*std::ranges::min_element(white.rgb), 195);
}

}  // namespace
}  // namespace coco_mcu::dataset
