#include "core/resize.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace coco_mcu::core {
namespace {

struct Size {
  int height;
  int width;
};

std::vector<std::uint8_t> random_pixels(Size size, int channels, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(size.height) * size.width * channels);
  // Extremes are as likely as everything between them: they are where rounding passes the ends.
  for (auto& pixel : pixels) {
    const unsigned drawn = random();
    pixel = (drawn & 1U) != 0 ? ((drawn & 2U) != 0 ? 255 : 0) : (drawn >> 8U) & 255U;
  }
  return pixels;
}

std::vector<std::uint8_t> resized(Resize method, int channels, Size from,
                                  const std::vector<std::uint8_t>& pixels, Size to) {
  std::vector<std::uint8_t> result(static_cast<std::size_t>(to.height) * to.width * channels);
  std::vector<Tap> columns(to.width);
  resize(method, channels, {pixels.data(), from.height, from.width, from.width * channels},
         {result.data(), to.height, to.width, to.width * channels}, columns);
  return result;
}

// TensorFlow 1.13's resize_bilinear with float32 output, value by value, as its definition reads.
int legacy_value(const std::vector<std::uint8_t>& pixels, Size from, Size to, int channels, int y,
                 int x, int channel) {
  const float height_scale = static_cast<float>(from.height) / static_cast<float>(to.height);
  const float width_scale = static_cast<float>(from.width) / static_cast<float>(to.width);
  const float in_y = static_cast<float>(y) * height_scale;
  const float in_x = static_cast<float>(x) * width_scale;
  const int y0 = static_cast<int>(in_y);
  const int x0 = static_cast<int>(in_x);
  const int y1 = std::min(y0 + 1, from.height - 1);
  const int x1 = std::min(x0 + 1, from.width - 1);
  const auto pixel = [&](int row, int column) {
    return static_cast<float>(pixels[(row * from.width + column) * channels + channel]);
  };
  const float x_lerp = in_x - static_cast<float>(x0);
  const float y_lerp = in_y - static_cast<float>(y0);
  const float top = pixel(y0, x0) + (pixel(y0, x1) - pixel(y0, x0)) * x_lerp;
  const float bottom = pixel(y1, x0) + (pixel(y1, x1) - pixel(y1, x0)) * x_lerp;
  const float value = top + (bottom - top) * y_lerp;
  return std::clamp(static_cast<int>(value), 0, 255);
}

// The definition of the modern method in double precision.
double modern_value(const std::vector<std::uint8_t>& pixels, Size from, Size to, int channels,
                    int y, int x, int channel) {
  const double in_y = std::max((y + 0.5) * from.height / to.height - 0.5, 0.0);
  const double in_x = std::max((x + 0.5) * from.width / to.width - 0.5, 0.0);
  const auto pixel = [&](int row, int column) {
    row = std::min(row, from.height - 1);
    column = std::min(column, from.width - 1);
    return static_cast<double>(pixels[(row * from.width + column) * channels + channel]);
  };
  const int y0 = static_cast<int>(in_y);
  const int x0 = static_cast<int>(in_x);
  const double top = pixel(y0, x0) + (pixel(y0, x0 + 1) - pixel(y0, x0)) * (in_x - x0);
  const double bottom =
      pixel(y0 + 1, x0) + (pixel(y0 + 1, x0 + 1) - pixel(y0 + 1, x0)) * (in_x - x0);
  return top + (bottom - top) * (in_y - y0);
}

// Downwards, upwards, one side only, single rows and columns, and widths around a block's ends.
const std::vector<std::pair<Size, Size>> kSizes = {
    {{480, 640}, {256, 256}}, {{288, 384}, {256, 256}}, {{100, 75}, {256, 256}},
    {{256, 300}, {256, 256}}, {{300, 256}, {256, 256}}, {{1, 1}, {7, 9}},
    {{1, 640}, {5, 63}},      {{640, 1}, {65, 5}},      {{9, 11}, {1, 1}},
    {{37, 101}, {33, 64}},    {{101, 37}, {31, 129}},   {{333, 500}, {96, 96}},
};

TEST(Resize, LegacyEqualsTensorFlowBitForBit) {
  for (const int channels : {1, 3}) {
    for (const auto& [from, to] : kSizes) {
      const auto pixels = random_pixels(from, channels, 7);
      const auto result = resized(Resize::kLegacyBilinear, channels, from, pixels, to);
      for (int i = 0; i < static_cast<int>(result.size()); ++i) {
        const int channel = i % channels;
        const int x = i / channels % to.width;
        const int y = i / channels / to.width;
        ASSERT_EQ(result[i], legacy_value(pixels, from, to, channels, y, x, channel))
            << from.height << "x" << from.width << " -> " << to.height << "x" << to.width
            << " at row " << y << " column " << x;
      }
    }
  }
}

TEST(Resize, ModernIsTheDefinitionRoundedToNearest) {
  for (const int channels : {1, 3}) {
    for (const auto& [from, to] : kSizes) {
      const auto pixels = random_pixels(from, channels, 8);
      const auto result = resized(Resize::kBilinear, channels, from, pixels, to);
      for (int i = 0; i < static_cast<int>(result.size()); ++i) {
        const int x = i / channels % to.width;
        const int y = i / channels / to.width;
        // float32 positions of up to 640 are off by up to 2^-14, pixels then by 255 times that.
        ASSERT_NEAR(result[i], modern_value(pixels, from, to, channels, y, x, i % channels),
                    0.5 + 0.02)
            << from.height << "x" << from.width << " -> " << to.height << "x" << to.width
            << " at row " << y << " column " << x;
      }
    }
  }
}

TEST(Resize, LegacyTakesTheSourceCornerAndModernTheCentre) {
  const std::vector<std::uint8_t> ramp = {0, 100, 200, 240};
  EXPECT_EQ(resized(Resize::kLegacyBilinear, 1, {1, 4}, ramp, {1, 2}),
            (std::vector<std::uint8_t>{0, 200}));
  EXPECT_EQ(resized(Resize::kBilinear, 1, {1, 4}, ramp, {1, 2}),
            (std::vector<std::uint8_t>{50, 220}));
}

TEST(Resize, LegacyTruncatesAndModernRounds) {
  const std::vector<std::uint8_t> pair = {0, 3};
  EXPECT_EQ(resized(Resize::kLegacyBilinear, 1, {1, 2}, pair, {1, 4}),
            (std::vector<std::uint8_t>{0, 1, 3, 3}));
  EXPECT_EQ(resized(Resize::kBilinear, 1, {1, 2}, pair, {1, 4}),
            (std::vector<std::uint8_t>{0, 1, 2, 3}));
}

TEST(Resize, SameSizeIsACopy) {
  const Size size = {67, 131};
  const auto pixels = random_pixels(size, 3, 9);
  EXPECT_EQ(resized(Resize::kLegacyBilinear, 3, size, pixels, size), pixels);
  EXPECT_EQ(resized(Resize::kBilinear, 3, size, pixels, size), pixels);
}

TEST(Resize, OneColourStaysThatColour) {
  for (const std::uint8_t value : {0, 1, 127, 254, 255}) {
    const std::vector<std::uint8_t> pixels(std::size_t{53} * 71 * 3, value);
    for (const Resize method : {Resize::kLegacyBilinear, Resize::kBilinear}) {
      const auto result = resized(method, 3, {53, 71}, pixels, {96, 40});
      EXPECT_EQ(result, std::vector<std::uint8_t>(result.size(), value));
    }
  }
}

TEST(Resize, StridesAreObeyedAndNothingBesideTheRowsIsWritten) {
  const Size from = {20, 30};
  const Size to = {11, 13};
  const auto pixels = random_pixels(from, 3, 10);
  const auto expected = resized(Resize::kBilinear, 3, from, pixels, to);

  const int source_stride = from.width * 3 + 5;
  const int target_stride = to.width * 3 + 7;
  std::vector<std::uint8_t> padded(std::size_t{20} * source_stride, 99);
  for (int y = 0; y < from.height; ++y) {
    std::copy_n(&pixels[y * from.width * 3], from.width * 3, &padded[y * source_stride]);
  }
  std::vector<std::uint8_t> result(std::size_t{11} * target_stride, 77);
  std::vector<Tap> columns(to.width);
  resize(Resize::kBilinear, 3, {padded.data(), from.height, from.width, source_stride},
         {result.data(), to.height, to.width, target_stride}, columns);
  for (int y = 0; y < to.height; ++y) {
    for (int i = 0; i < target_stride; ++i) {
      const int wanted = i < to.width * 3 ? expected[y * to.width * 3 + i] : 77;
      ASSERT_EQ(result[y * target_stride + i], wanted) << "row " << y << " byte " << i;
    }
  }
}

// A camera's rows: every output row needs only its two source rows, in the order they arrive.
TEST(Resize, RowsStreamInOrder) {
  for (const Resize method : {Resize::kLegacyBilinear, Resize::kBilinear}) {
    int before = 0;
    for (int y = 0; y < 256; ++y) {
      const Tap tap = resize_tap(method, y, 480, 256);
      EXPECT_GE(tap.lower, before);
      EXPECT_LE(tap.upper, tap.lower + 1);
      EXPECT_LT(tap.upper, 480);
      before = tap.lower;
    }
  }
}

TEST(Resize, TapsStayInsideTheSourceForEverySize) {
  for (const Resize method : {Resize::kLegacyBilinear, Resize::kBilinear}) {
    for (const int source : {1, 2, 3, 255, 256, 257, 641, 16384, 1 << 20}) {
      for (const int target : {1, 2, 3, 96, 256, 1000, 16384, 1 << 20}) {
        for (const int at : {0, target / 2, target - 1}) {
          const Tap tap = resize_tap(method, at, source, target);
          ASSERT_GE(tap.lower, 0);
          ASSERT_GE(tap.upper, tap.lower);
          ASSERT_LT(tap.upper, source);
          if (tap.upper > tap.lower) {
            ASSERT_GE(tap.weight, 0.0F);
            ASSERT_LT(tap.weight, 1.0F);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace coco_mcu::core
