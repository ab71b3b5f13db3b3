#include "dataset/augmentation_colour.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace coco_mcu::dataset {
namespace {

using Bytes = std::vector<std::uint8_t>;

Image random_picture(unsigned seed) {
  std::mt19937 random(seed);
  Image image{16, 16, Bytes(16 * 16 * 3)};
  for (std::uint8_t& value : image.rgb) value = static_cast<std::uint8_t>(random());
  return image;
}

Bytes changed(const Bytes& rgb, const ColourChange& change) {
  Image image{1, static_cast<int>(rgb.size() / 3), rgb};
  change_colours(image, change);
  return image.rgb;
}

double luma(const Bytes& pixel) {
  return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
}

TEST(Colours, NothingChangesByDefault) {
  const Image before = random_picture(1);
  Image after = before;
  change_colours(after, {});
  EXPECT_EQ(after.rgb, before.rgb);
}

TEST(Colours, AlmostNothingIsNothing) {
  // Through the whole arithmetic: the rounding takes back what it adds.
  const Image before = random_picture(2);
  Image after = before;
  change_colours(after,
                 {.brightness = 1e-7, .contrast = 1 + 1e-7, .saturation = 1 - 1e-7, .hue = 1e-8});
  EXPECT_EQ(after.rgb, before.rgb);
}

TEST(Colours, BrightnessIsAddedInSharesOfFullScale) {
  EXPECT_EQ(changed({0, 100, 200}, {.brightness = 0.2}), (Bytes{51, 151, 251}));
  EXPECT_EQ(changed({60, 100, 200}, {.brightness = -0.2}), (Bytes{9, 49, 149}));
}

TEST(Colours, BrightnessStaysInRange) {
  EXPECT_EQ(changed({0, 128, 255}, {.brightness = 1.0}), (Bytes{255, 255, 255}));
  EXPECT_EQ(changed({0, 128, 255}, {.brightness = -1.0}), (Bytes{0, 0, 0}));
}

TEST(Colours, ContrastIsAroundTheMeanOfEachChannel) {
  EXPECT_EQ(changed({100, 10, 0, 140, 30, 0}, {.contrast = 0.5}), (Bytes{110, 15, 0, 130, 25, 0}));
  EXPECT_EQ(changed({100, 10, 0, 140, 30, 0}, {.contrast = 1.5}), (Bytes{90, 5, 0, 150, 35, 0}));
}

TEST(Colours, WithoutContrastTheMeanIsLeft) {
  EXPECT_EQ(changed({100, 10, 0, 140, 30, 0}, {.contrast = 0.0}), (Bytes{120, 20, 0, 120, 20, 0}));
}

TEST(Colours, WithoutSaturationGreyIsLeft) {
  const Bytes grey = changed({200, 100, 50}, {.saturation = 0.0});
  const auto expected = static_cast<std::uint8_t>(std::lround(luma({200, 100, 50})));
  EXPECT_EQ(grey, (Bytes{expected, expected, expected}));
}

TEST(Colours, SaturationIsAroundEachPixelsGrey) {
  const Bytes pixel = {140, 120, 100};
  const double grey = luma(pixel);
  const Bytes strong = changed(pixel, {.saturation = 1.5});
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(strong[c], std::lround(grey + 1.5 * (pixel[c] - grey)));
  }
}

TEST(Colours, GreyHasNoHue) {
  for (const double hue : {-0.3, 0.1, 0.5}) {
    EXPECT_EQ(changed({77, 77, 77}, {.saturation = 1.7, .hue = hue}), (Bytes{77, 77, 77}));
  }
}

TEST(Colours, AWholeTurnOfHueIsNothing) {
  const Image before = random_picture(3);
  EXPECT_EQ(changed(before.rgb, {.hue = 1.0}), before.rgb);
}

TEST(Colours, HueKeepsTheLightness) {
  const Bytes pixel = {140, 120, 100};
  for (double hue = -0.5; hue <= 0.5; hue += 0.1) {
    EXPECT_NEAR(luma(changed(pixel, {.hue = hue})), luma(pixel), 1.0) << hue;
  }
}

TEST(Colours, HalfATurnOfHueIsTheComplement) {
  const Bytes turned = changed({140, 120, 100}, {.hue = 0.5});
  const double grey = luma({140, 120, 100});
  EXPECT_NEAR(turned[0], 2 * grey - 140, 1);
  EXPECT_NEAR(turned[2], 2 * grey - 100, 1);
}

TEST(Colours, HueTurnsThereAndBack) {
  const Bytes pixel = {140, 120, 100};
  const Bytes back = changed(changed(pixel, {.hue = 0.13}), {.hue = -0.13});
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(back[c], pixel[c], 2);
}

TEST(Colours, ExtremesOfEverythingStayInRange) {
  // A byte cannot leave 0..255, but a wrong conversion would wrap; saturated colours must stay so.
  const Bytes rgb = {0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255};
  const Bytes bright = changed(rgb, {.brightness = 1.0, .contrast = 2.0, .saturation = 2.0});
  EXPECT_EQ(bright[3], 255);
  EXPECT_EQ(bright[6], 255);
  const Bytes dark = changed(rgb, {.brightness = -1.0, .contrast = 2.0, .saturation = 2.0});
  EXPECT_EQ(dark[0], 0);
  EXPECT_EQ(dark[7], 0);
}

TEST(Colours, AnEmptyPictureIsLeftAlone) {
  Image none;
  change_colours(none, {.brightness = 0.5});
  EXPECT_TRUE(none.rgb.empty());
}

}  // namespace
}  // namespace coco_mcu::dataset
