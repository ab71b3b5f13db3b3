#include <cstdlib>
#include <stdexcept>

#include <gtest/gtest.h>

#include "dataset/image.h"
#include "tests/support/gradient.h"

namespace coco_mcu::dataset {
namespace {

using coco_mcu::testing::gradient;

int largest_difference(const Image& first, const Image& second) {
  EXPECT_EQ(first.rgb.size(), second.rgb.size());
  int largest = 0;
  for (std::size_t i = 0; i < first.rgb.size(); ++i) {
    largest = std::max(largest, std::abs(first.rgb[i] - second.rgb[i]));
  }
  return largest;
}

TEST(EncodeJpeg, WhatIsEncodedComesBack) {
  const Image image{40, 56, gradient(40, 56)};
  const Image decoded = decode_image(encode_jpeg(image, 95), "a.jpg");
  EXPECT_EQ(decoded.height, 40);
  EXPECT_EQ(decoded.width, 56);
  EXPECT_LE(largest_difference(decoded, image), 12);
}

TEST(EncodeJpeg, LowQualityIsSmallerAndWorse) {
  const Image image{64, 64, gradient(64, 64)};
  const auto good = encode_jpeg(image, 95);
  const auto poor = encode_jpeg(image, 10);
  EXPECT_LT(poor.size(), good.size());
  EXPECT_GT(largest_difference(decode_image(poor, "a"), image),
            largest_difference(decode_image(good, "a"), image));
}

TEST(EncodeJpeg, OnePixelIsEnough) {
  const Image image{1, 1, {200, 200, 200}};
  const Image decoded = decode_image(encode_jpeg(image, 100), "a.jpg", {.min_side = 1});
  EXPECT_LE(largest_difference(decoded, image), 2);
}

TEST(EncodeJpeg, RefusesWhatIsNoPictureOrQuality) {
  const Image image{8, 8, gradient(8, 8)};
  EXPECT_THROW(encode_jpeg({}, 90), std::invalid_argument);
  EXPECT_THROW(encode_jpeg(image, 0), std::invalid_argument);
  EXPECT_THROW(encode_jpeg(image, 101), std::invalid_argument);
}

TEST(DecodeReduced, KeepsTheSideThatIsAskedFor) {
  const auto file = encode_jpeg({90, 161, gradient(90, 161)}, 95);
  const auto sides = [&](int kept) {
    const Image image = decode_reduced_image(file, "a.jpg", kept);
    EXPECT_EQ(image.rgb.size(), std::size_t{3} * image.height * image.width);
    return std::pair(image.height, image.width);
  };
  EXPECT_EQ(sides(91), std::pair(90, 161));
  EXPECT_EQ(sides(46), std::pair(90, 161));
  EXPECT_EQ(sides(45), std::pair(45, 81));
  EXPECT_EQ(sides(23), std::pair(23, 41));
  EXPECT_EQ(sides(12), std::pair(12, 21));
  EXPECT_EQ(sides(1), std::pair(12, 21));
}

TEST(DecodeReduced, ShowsTheSamePicture) {
  const auto file = encode_jpeg({128, 128, gradient(128, 128)}, 95);
  const Image reduced = decode_reduced_image(file, "a.jpg", 32);
  EXPECT_LE(largest_difference(reduced, {32, 32, gradient(32, 32)}), 12);
}

}  // namespace
}  // namespace coco_mcu::dataset
