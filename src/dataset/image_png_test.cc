#include <random>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/image.h"
#include "tests/support/encoded_pictures.h"

namespace coco_mcu::dataset {
namespace {

using coco_mcu::testing::Bytes;
using coco_mcu::testing::encode_png;
using coco_mcu::testing::one_colour;
using coco_mcu::testing::PngRecipe;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// The decoded pixel at the top left.
std::vector<int> first_pixel(const PngRecipe& recipe) {
  const Image image = decode_image(encode_png(recipe), "a.png");
  EXPECT_EQ(image.height, recipe.height);
  EXPECT_EQ(image.width, recipe.width);
  EXPECT_EQ(image.rgb.size(), std::size_t{3} * image.height * image.width);
  return {image.rgb[0], image.rgb[1], image.rgb[2]};
}

Bytes noise(int count) {
  std::mt19937 random(5);
  Bytes bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(Png, ColourComesBackExactly) {
  const Bytes pixels = noise(13 * 21 * 3);
  for (const bool interlaced : {false, true}) {
    const Image image = decode_image(
        encode_png({.height = 13, .width = 21, .rows = pixels, .interlaced = interlaced}), "a.png");
    EXPECT_EQ(image.height, 13);
    EXPECT_EQ(image.width, 21);
    EXPECT_EQ(image.rgb, pixels);
  }
}

TEST(Png, GreyOfEveryDepthBecomesThreeEqualChannels) {
  const auto grey = [](int bit_depth, Bytes rows) {
    return PngRecipe{.height = 8,
                     .width = 8,
                     .rows = std::move(rows),
                     .bit_depth = bit_depth,
                     .colour_type = PNG_COLOR_TYPE_GRAY};
  };
  EXPECT_THAT(first_pixel(grey(1, Bytes(8, 0x80))), ElementsAre(255, 255, 255));
  EXPECT_THAT(first_pixel(grey(2, Bytes(16, 0x40))), ElementsAre(85, 85, 85));
  EXPECT_THAT(first_pixel(grey(4, Bytes(32, 0x20))), ElementsAre(34, 34, 34));
  EXPECT_THAT(first_pixel(grey(8, Bytes(64, 77))), ElementsAre(77, 77, 77));
  // 0x0100 of 65535 is 0.996 of 255.
  EXPECT_THAT(first_pixel(grey(16, one_colour(8, 8, {1, 0}))), ElementsAre(1, 1, 1));
  EXPECT_THAT(first_pixel(grey(16, one_colour(8, 8, {255, 255}))), ElementsAre(255, 255, 255));
}

TEST(Png, SixteenBitsAreScaledToEight) {
  EXPECT_THAT(first_pixel({.height = 8,
                           .width = 8,
                           .rows = one_colour(8, 8, {0x80, 0x80, 0x12, 0x34, 0xFF, 0x00}),
                           .bit_depth = 16}),
              ElementsAre(0x80, 0x12, 0xFE));
}

TEST(Png, PaletteBecomesItsColours) {
  const std::vector<png_color> palette = {{1, 2, 3}, {200, 100, 50}};
  EXPECT_THAT(first_pixel({.height = 8,
                           .width = 8,
                           .rows = Bytes(64, 1),
                           .colour_type = PNG_COLOR_TYPE_PALETTE,
                           .palette = palette}),
              ElementsAre(200, 100, 50));
  EXPECT_THAT(first_pixel({.height = 8,
                           .width = 8,
                           .rows = Bytes(8, 0x55),
                           .bit_depth = 1,
                           .colour_type = PNG_COLOR_TYPE_PALETTE,
                           .palette = palette}),
              ElementsAre(1, 2, 3));
}

TEST(Png, TransparencyIsShownOnWhite) {
  const auto see_through = [](int alpha) {
    return PngRecipe{.height = 8,
                     .width = 8,
                     .rows = one_colour(8, 8, {200, 100, 0, static_cast<std::uint8_t>(alpha)}),
                     .colour_type = PNG_COLOR_TYPE_RGB_ALPHA};
  };
  EXPECT_THAT(first_pixel(see_through(0)), ElementsAre(255, 255, 255));
  EXPECT_THAT(first_pixel(see_through(51)), ElementsAre(244, 224, 204));
  EXPECT_THAT(first_pixel(see_through(255)), ElementsAre(200, 100, 0));
}

TEST(Png, TransparencyOfEveryKindIsShownOnWhite) {
  EXPECT_THAT(first_pixel({.height = 8,
                           .width = 8,
                           .rows = one_colour(8, 8, {100, 51}),
                           .colour_type = PNG_COLOR_TYPE_GRAY_ALPHA}),
              ElementsAre(224, 224, 224));
  EXPECT_THAT(first_pixel({.height = 8,
                           .width = 8,
                           .rows = one_colour(8, 8, {200, 200, 100, 100, 0, 0, 51, 51}),
                           .bit_depth = 16,
                           .colour_type = PNG_COLOR_TYPE_RGB_ALPHA}),
              ElementsAre(244, 224, 204));
  EXPECT_THAT(first_pixel({.height = 8,
                           .width = 8,
                           .rows = Bytes(64, 0),
                           .colour_type = PNG_COLOR_TYPE_PALETTE,
                           .palette = {{200, 100, 0}},
                           .palette_alpha = {51}}),
              ElementsAre(244, 224, 204));
  const png_color_16 key = {0, 9, 8, 7, 0};
  EXPECT_THAT(
      first_pixel({.height = 8, .width = 8, .rows = one_colour(8, 8, {9, 8, 7}), .key = &key}),
      ElementsAre(255, 255, 255));
  const png_color_16 grey_key = {0, 0, 0, 0, 9};
  EXPECT_THAT(first_pixel({.height = 8,
                           .width = 8,
                           .rows = Bytes(64, 9),
                           .colour_type = PNG_COLOR_TYPE_GRAY,
                           .key = &grey_key}),
              ElementsAre(255, 255, 255));
  const png_color_16 deep_key = {0, 0x0909, 0x0808, 0x0707, 0};
  EXPECT_THAT(first_pixel({.height = 8,
                           .width = 8,
                           .rows = one_colour(8, 8, {9, 9, 8, 8, 7, 7}),
                           .bit_depth = 16,
                           .key = &deep_key}),
              ElementsAre(255, 255, 255));
}

TEST(Png, EveryTruncationIsAnError) {
  const Bytes whole = encode_png({.height = 9, .width = 10, .rows = noise(9 * 10 * 3)});
  for (std::size_t size = 8; size < whole.size(); ++size) {
    const std::span<const std::uint8_t> part(whole.data(), size);
    EXPECT_THAT(
        [&] { decode_image(part, "part.png"); },
        ThrowsMessage<std::runtime_error>(AllOf(HasSubstr("part.png: "), HasSubstr("truncated"))))
        << size << " of " << whole.size() << " bytes";
  }
}

TEST(Png, DamageIsAnError) {
  Bytes bytes = encode_png({.height = 9, .width = 10, .rows = noise(9 * 10 * 3)});
  bytes[bytes.size() - 30] ^= 1U;  // inside the compressed pixels, which carry a checksum
  EXPECT_THAT(
      [&] { decode_image(bytes, "bad.png"); },
      ThrowsMessage<std::runtime_error>(AllOf(HasSubstr("bad.png: "), HasSubstr("damaged"))));
}

TEST(Png, DamageNeverCrashes) {
  const Bytes whole = encode_png({.height = 9, .width = 10, .rows = noise(9 * 10 * 3)});
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    Bytes damaged = whole;
    damaged[8 + random() % (damaged.size() - 8)] = static_cast<std::uint8_t>(random());
    try {
      EXPECT_EQ(decode_image(damaged, "a.png", {.max_side = 100}).rgb.size() % 3, 0U);
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("a.png: "));
    }
  }
}

// A header alone, with the checksum that belongs to it: no pixel is ever asked for.
Bytes header_only(std::uint32_t width, std::uint32_t height) {
  Bytes bytes = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
  for (const std::uint32_t side : {width, height}) {
    for (const int shift : {24, 16, 8, 0}) bytes.push_back((side >> shift) & 255U);
  }
  bytes.insert(bytes.end(), {8, 2, 0, 0, 0});
  std::uint32_t checksum = 0xFFFFFFFFU;  // CRC-32 over the chunk's name and data
  for (std::size_t i = 12; i < bytes.size(); ++i) {
    checksum ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) {
      checksum = (checksum >> 1U) ^ ((checksum & 1U) != 0 ? 0xEDB88320U : 0U);
    }
  }
  for (const int shift : {24, 16, 8, 0}) bytes.push_back((~checksum >> shift) & 255U);
  // The beginning of the pixels.
  bytes.insert(bytes.end(), {0, 0, 0, 0, 'I', 'D', 'A', 'T', 0x35, 0xAF, 0x06, 0x1E});
  return bytes;
}

TEST(Png, SizeIsCheckedBeforeThePixels) {
  EXPECT_THAT([] { decode_image(header_only(20000, 20000), "huge.png"); },
              ThrowsMessage<std::runtime_error>(
                  AllOf(HasSubstr("huge.png: 20000x20000"), HasSubstr("16384"))));
  EXPECT_THAT([] { decode_image(header_only(16000, 16000), "large.png"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("large.png: 16000x16000")));
  EXPECT_THAT([] { decode_image(header_only(0x7FFFFFFF, 0x7FFFFFFF), "vast.png"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("vast.png: 2147483647x2147483647")));
}

}  // namespace
}  // namespace coco_mcu::dataset
