#include <algorithm>
#include <cstdlib>
#include <random>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/image.h"
#include "tests/support/encoded_pictures.h"
#include "tests/support/gradient.h"

namespace coco_mcu::dataset {
namespace {

using coco_mcu::testing::Bytes;
using coco_mcu::testing::encode_jpeg;
using coco_mcu::testing::gradient;
using coco_mcu::testing::JpegRecipe;
using coco_mcu::testing::one_colour;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

void expect_near(const Bytes& result, const Bytes& expected, int tolerance) {
  ASSERT_EQ(result.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_LE(std::abs(result[i] - expected[i]), tolerance) << "at byte " << i;
  }
}

TEST(Jpeg, ColourComesBack) {
  const Bytes samples = gradient(40, 56);
  for (const bool progressive : {false, true}) {
    const Image image = decode_image(
        encode_jpeg({.height = 40, .width = 56, .samples = samples, .progressive = progressive}),
        "a.jpg");
    EXPECT_EQ(image.height, 40);
    EXPECT_EQ(image.width, 56);
    expect_near(image.rgb, samples, 4);
  }
}

TEST(Jpeg, GreyBecomesThreeEqualChannels) {
  const Image image = decode_image(encode_jpeg({.height = 9,
                                                .width = 17,
                                                .samples = Bytes(std::size_t{9} * 17, 100),
                                                .given_as = JCS_GRAYSCALE,
                                                .stored_as = JCS_GRAYSCALE}),
                                   "a.jpg");
  EXPECT_EQ(image.width, 17);
  expect_near(image.rgb, Bytes(std::size_t{9} * 17 * 3, 100), 1);
}

TEST(Jpeg, RgbWithoutConversionComesBack) {
  const Image image = decode_image(encode_jpeg({.height = 16,
                                                .width = 16,
                                                .samples = one_colour(16, 16, {200, 30, 90}),
                                                .stored_as = JCS_RGB,
                                                .adobe_marker = true}),
                                   "a.jpg");
  expect_near(image.rgb, one_colour(16, 16, {200, 30, 90}), 1);
}

// 20 % cyan, 60 % magenta, no yellow and 50 % black: red .8 * .5, green .4 * .5, blue 1 * .5.
constexpr std::initializer_list<std::uint8_t> kInks = {51, 153, 0, 128};
constexpr std::initializer_list<std::uint8_t> kLight = {204, 102, 255, 127};
constexpr std::initializer_list<std::uint8_t> kShown = {102, 51, 127};

JpegRecipe four_colours(std::initializer_list<std::uint8_t> samples, J_COLOR_SPACE stored_as,
                        bool adobe_marker) {
  return {.height = 16,
          .width = 16,
          .samples = one_colour(16, 16, samples),
          .given_as = JCS_CMYK,
          .stored_as = stored_as,
          .adobe_marker = adobe_marker};
}

TEST(Jpeg, InksBecomeLight) {
  const Image image = decode_image(encode_jpeg(four_colours(kInks, JCS_CMYK, false)), "a.jpg");
  expect_near(image.rgb, one_colour(16, 16, kShown), 1);
}

TEST(Jpeg, AdobeStoresInksInverted) {
  const Image image = decode_image(encode_jpeg(four_colours(kLight, JCS_CMYK, true)), "a.jpg");
  expect_near(image.rgb, one_colour(16, 16, kShown), 1);
}

TEST(Jpeg, AdobeStoresInksAsLuminanceAndChrominanceToo) {
  const Image image = decode_image(encode_jpeg(four_colours(kLight, JCS_YCCK, true)), "a.jpg");
  expect_near(image.rgb, one_colour(16, 16, kShown), 2);
}

TEST(Jpeg, EveryTruncationIsAnError) {
  for (const bool progressive : {false, true}) {
    const Bytes whole = encode_jpeg(
        {.height = 24, .width = 24, .samples = gradient(24, 24), .progressive = progressive});
    for (std::size_t size = 3; size < whole.size(); ++size) {
      const std::span<const std::uint8_t> part(whole.data(), size);
      EXPECT_THAT(
          [&] { decode_image(part, "part.jpg"); },
          ThrowsMessage<std::runtime_error>(AllOf(HasSubstr("part.jpg: "), HasSubstr("truncated"))))
          << size << " of " << whole.size() << " bytes";
    }
  }
}

// The data ends early although an end marker follows: nothing of it may become half a grey picture.
TEST(Jpeg, MissingDataBeforeTheEndMarkerIsAnError) {
  Bytes bytes = encode_jpeg({.height = 64, .width = 64, .samples = gradient(64, 64)});
  bytes.erase(bytes.end() - 200, bytes.end() - 2);
  EXPECT_THAT([&] { decode_image(bytes, "hole.jpg"); },
              ThrowsMessage<std::runtime_error>(
                  AllOf(HasSubstr("hole.jpg: "), HasSubstr("premature end of data"))));
}

TEST(Jpeg, PaddingBeforeTheEndMarkerIsHarmless) {
  const Bytes samples = gradient(16, 16);
  Bytes bytes = encode_jpeg({.height = 16, .width = 16, .samples = samples});
  bytes.insert(bytes.end() - 2, {0, 0, 0});
  expect_near(decode_image(bytes, "padded.jpg").rgb, samples, 8);
}

TEST(Jpeg, BytesAfterTheEndAreIgnored) {
  Bytes bytes = encode_jpeg({.height = 16, .width = 16, .samples = one_colour(16, 16, {9, 9, 9})});
  bytes.insert(bytes.end(), 1000, 0x55);
  expect_near(decode_image(bytes, "a.jpg").rgb, one_colour(16, 16, {9, 9, 9}), 1);
}

TEST(Jpeg, DamageNeverCrashes) {
  const Bytes whole = encode_jpeg({.height = 24, .width = 24, .samples = gradient(24, 24)});
  std::mt19937 random(3);
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    Bytes damaged = whole;
    damaged[3 + random() % (damaged.size() - 3)] = static_cast<std::uint8_t>(random());
    try {
      EXPECT_EQ(decode_image(damaged, "a.jpg", {.max_side = 100}).rgb.size() % 3, 0U);
    } catch (const std::runtime_error& error) {
      ++refused;
      EXPECT_THAT(error.what(), HasSubstr("a.jpg: "));
    }
  }
  EXPECT_GT(refused, 100);
}

// Sixteen bits of height and as many of width in the frame header, 5 bytes behind its marker.
TEST(Jpeg, SizeIsCheckedBeforeThePixels) {
  Bytes bytes = encode_jpeg({.height = 16, .width = 16, .samples = gradient(16, 16)});
  const Bytes marker = {0xFF, 0xC0};
  const auto frame = std::search(bytes.begin(), bytes.end(), marker.begin(), marker.end());
  ASSERT_NE(frame, bytes.end());
  for (const int offset : {5, 7}) {
    frame[offset] = 20000 >> 8;
    frame[offset + 1] = 20000 & 255;
  }
  EXPECT_THAT([&] { decode_image(bytes, "huge.jpg"); },
              ThrowsMessage<std::runtime_error>(
                  AllOf(HasSubstr("huge.jpg: 20000x20000"), HasSubstr("16384"))));
}

// A grey picture whose coefficients arrive one by one, each in `passes` scans.
Bytes slowly_progressive(int passes) {
  std::vector<jpeg_scan_info> scans = {{1, {0}, 0, 0, 0, 0}};
  for (int coefficient = 1; coefficient < 64; ++coefficient) {
    for (int bit = passes - 1; bit >= 0; --bit) {
      const int before = bit == passes - 1 ? 0 : bit + 1;
      scans.push_back({1, {0}, coefficient, coefficient, before, bit});
    }
  }
  return encode_jpeg({.height = 16,
                      .width = 16,
                      .samples = Bytes(256, 90),
                      .given_as = JCS_GRAYSCALE,
                      .stored_as = JCS_GRAYSCALE,
                      .scans = scans});
}

TEST(Jpeg, EndlessScansAreRefused) {
  expect_near(decode_image(slowly_progressive(1), "scans.jpg").rgb, Bytes(256 * 3, 90), 1);
  EXPECT_THAT([] { decode_image(slowly_progressive(2), "scans.jpg"); },
              ThrowsMessage<std::runtime_error>(
                  AllOf(HasSubstr("scans.jpg: "), HasSubstr("more than 100 scans"))));
}

}  // namespace
}  // namespace coco_mcu::dataset
