#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/image_codecs.h"
#include "tests/support/encoded_pictures.h"

namespace coco_mcu::dataset {
namespace {

using coco_mcu::testing::Bytes;
using coco_mcu::testing::encode_jpeg;
using coco_mcu::testing::encode_png;
using coco_mcu::testing::exif_with_orientation;

// One letter per pixel.
Image picture(std::initializer_list<std::string> rows) {
  Image image{static_cast<int>(rows.size()), static_cast<int>(rows.begin()->size()), {}};
  for (const std::string& row : rows) {
    for (const char letter : row) {
      image.rgb.insert(image.rgb.end(), 3, static_cast<std::uint8_t>(letter));
    }
  }
  return image;
}

std::vector<std::string> rows_of(const Image& image) {
  std::vector<std::string> rows(image.height);
  for (int i = 0; i < image.height * image.width; ++i) {
    rows[i / image.width] += static_cast<char>(image.rgb[i * 3]);
  }
  return rows;
}

TEST(Orientation, EachOfTheEightIsTurnedUpright) {
  using ::testing::ElementsAre;
  const Image stored = picture({"ABC", "DEF"});
  EXPECT_THAT(rows_of(upright(stored, 1)), ElementsAre("ABC", "DEF"));
  EXPECT_THAT(rows_of(upright(stored, 2)), ElementsAre("CBA", "FED"));
  EXPECT_THAT(rows_of(upright(stored, 3)), ElementsAre("FED", "CBA"));
  EXPECT_THAT(rows_of(upright(stored, 4)), ElementsAre("DEF", "ABC"));
  EXPECT_THAT(rows_of(upright(stored, 5)), ElementsAre("AD", "BE", "CF"));
  EXPECT_THAT(rows_of(upright(stored, 6)), ElementsAre("DA", "EB", "FC"));
  EXPECT_THAT(rows_of(upright(stored, 7)), ElementsAre("FC", "EB", "DA"));
  EXPECT_THAT(rows_of(upright(stored, 8)), ElementsAre("CF", "BE", "AD"));
}

TEST(Orientation, IsReadInBothByteOrders) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(exif_orientation(exif_with_orientation(orientation, false)), orientation);
    EXPECT_EQ(exif_orientation(exif_with_orientation(orientation, true)), orientation);
  }
}

TEST(Orientation, WhatMakesNoSenseIsUpright) {
  EXPECT_EQ(exif_orientation({}), 1);
  EXPECT_EQ(exif_orientation(exif_with_orientation(0, false)), 1);
  EXPECT_EQ(exif_orientation(exif_with_orientation(9, false)), 1);
  EXPECT_EQ(exif_orientation(Bytes(20, 'x')), 1);
  EXPECT_EQ(exif_orientation(Bytes(70000, 'x')), 1);
  Bytes long_value = exif_with_orientation(6, false);
  long_value[12] = 4;  // LONG instead of SHORT
  EXPECT_EQ(exif_orientation(long_value), 1);
  for (std::size_t size = 0; size < 22; ++size) {
    Bytes truncated = exif_with_orientation(6, false);
    truncated.resize(size);
    const int orientation = exif_orientation(truncated);
    EXPECT_TRUE(orientation == 1 || orientation == 6) << size << " bytes";
  }
}

// 24 x 16 pixels in six squares of 8 x 8, each the grey of its letter: what no JPEG block blurs.
constexpr int kSquare = 8;

Bytes squares() {
  Bytes samples;
  for (int y = 0; y < 2 * kSquare; ++y) {
    for (int x = 0; x < 3 * kSquare; ++x) {
      const int letter = 'A' + y / kSquare * 3 + x / kSquare;
      samples.insert(samples.end(), 3, static_cast<std::uint8_t>((letter - 'A') * 50));
    }
  }
  return samples;
}

std::vector<std::string> letters_of(const Image& image) {
  std::vector<std::string> rows(image.height / kSquare);
  for (int y = 0; y < image.height; y += kSquare) {
    for (int x = 0; x < image.width; x += kSquare) {
      const int grey = image.rgb[(y * image.width + x) * 3];
      rows[y / kSquare] += static_cast<char>('A' + (grey + 25) / 50);
    }
  }
  return rows;
}

TEST(Orientation, DecodedPicturesStandUpright) {
  const std::array<std::vector<std::string>, 8> expected = {{
      {"ABC", "DEF"},
      {"CBA", "FED"},
      {"FED", "CBA"},
      {"DEF", "ABC"},
      {"AD", "BE", "CF"},
      {"DA", "EB", "FC"},
      {"FC", "EB", "DA"},
      {"CF", "BE", "AD"},
  }};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Bytes exif = exif_with_orientation(orientation, orientation % 2 == 0);
    const Bytes jpeg = encode_jpeg({.height = 16, .width = 24, .samples = squares(), .exif = exif});
    EXPECT_EQ(letters_of(decode_image(jpeg, "jpeg")), expected[orientation - 1]);
    const Bytes png = encode_png({.height = 16, .width = 24, .rows = squares(), .exif = exif});
    EXPECT_EQ(letters_of(decode_image(png, "png")), expected[orientation - 1]);
  }
}

}  // namespace
}  // namespace coco_mcu::dataset
