#include "report/overlay.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

namespace coco_mcu::report {
namespace {

constexpr Colour kGrey = {100, 100, 100};

Colour pixel(const Picture& picture, int x, int y) {
  const std::size_t at = (static_cast<std::size_t>(y) * picture.width + x) * 3;
  return {picture.rgb.at(at), picture.rgb.at(at + 1), picture.rgb.at(at + 2)};
}

/// CIE lightness L* (0..100) of an sRGB colour.
double lightness(Colour colour) {
  const auto linear = [](std::uint8_t part) {
    const double value = part / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  const double luminance =
      0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
  return 116.0 * std::cbrt(std::max(luminance, 0.008856)) - 16.0;
}

TEST(HeatColour, GrowsLighterEvenly) {
  const double first = lightness(heat_colour(0.0));
  const double last = lightness(heat_colour(1.0));
  EXPECT_LT(first, 12.0);
  EXPECT_GT(last, 93.0);
  for (int i = 1; i <= 20; ++i) {
    const double step = lightness(heat_colour(i / 20.0)) - lightness(heat_colour((i - 1) / 20.0));
    EXPECT_GT(step, 0.4 * (last - first) / 20.0) << i;
    EXPECT_LT(step, 1.8 * (last - first) / 20.0) << i;
  }
  EXPECT_EQ(heat_colour(-3.0), heat_colour(0.0));
  EXPECT_EQ(heat_colour(7.0), heat_colour(1.0));
}

TEST(DrawHeatMap, LowValuesLeaveThePictureAlone) {
  Picture picture = filled(8, 8, kGrey);
  const Picture before = picture;
  draw_heat_map(picture, {2, 2, {1.0F, 1.0F, 0.5F, 1.0F}}, {1.0, 2.0});
  EXPECT_EQ(picture.rgb, before.rgb);
}

TEST(DrawHeatMap, HighValuesTakeTheLastColour) {
  Picture picture = filled(4, 4, kGrey);
  draw_heat_map(picture, {1, 1, {5.0F}}, {1.0, 2.0}, 1.0);
  EXPECT_EQ(pixel(picture, 2, 2), heat_colour(1.0));
}

TEST(DrawHeatMap, InterpolatesBetweenCentres) {
  // Two cells over eight columns: their centres lie at 1.5 and 5.5, so columns 0 and 1 hold the
  // first value, column 2 an eighth of the way, column 7 the second.
  Picture picture = filled(1, 8, kGrey);
  draw_heat_map(picture, {1, 2, {0.0F, 1.0F}}, {0.0, 1.0}, 1.0);
  EXPECT_EQ(pixel(picture, 0, 0), kGrey);
  EXPECT_EQ(pixel(picture, 1, 0), kGrey);
  for (const auto& [column, level] : {std::pair{2, 0.125}, {3, 0.375}, {4, 0.625}, {5, 0.875}}) {
    const Colour full = heat_colour(level);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(pixel(picture, column, 0)[i], kGrey[i] + (full[i] - kGrey[i]) * level, 0.51);
    }
  }
  EXPECT_EQ(pixel(picture, 7, 0), heat_colour(1.0));
}

TEST(DrawHeatMap, RefusesWhatCannotBeDrawn) {
  Picture picture = filled(4, 4, kGrey);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(draw_heat_map(picture, {2, 2, {1.0F}}, {0.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(draw_heat_map(picture, {0, 0, {}}, {0.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(draw_heat_map(picture, {1, 1, {nan}}, {0.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(draw_heat_map(picture, {1, 1, {1.0F}}, {1.0, 1.0}), std::invalid_argument);
}

TEST(Compose, StandsPanelsSideBySide) {
  const std::vector<Panel> panels = {{filled(40, 30, {255, 0, 0}), "", {}},
                                     {filled(20, 50, {0, 255, 0}), "", {}}};
  const Picture picture = compose(panels);
  EXPECT_EQ(picture.height, 56);
  EXPECT_EQ(picture.width, 104);
  EXPECT_EQ(pixel(picture, 8, 8), (Colour{255, 0, 0}));
  EXPECT_EQ(pixel(picture, 37, 47), (Colour{255, 0, 0}));
  EXPECT_EQ(pixel(picture, 46, 8), (Colour{0, 255, 0}));
  EXPECT_EQ(pixel(picture, 95, 27), (Colour{0, 255, 0}));
  EXPECT_EQ(pixel(picture, 95, 28), pixel(picture, 0, 0));
}

TEST(Compose, MakesRoomForCaptionsAndLegends) {
  const Picture plain = compose(std::vector<Panel>{{filled(100, 100, kGrey), "", {}}});
  const Picture one_line = compose(std::vector<Panel>{{filled(100, 100, kGrey), "mask", {}}});
  const Picture wrapped = compose(std::vector<Panel>{
      {filled(100, 100, kGrey), "a caption of several words that needs four lines", {}}});
  const Picture legend =
      compose(std::vector<Panel>{{filled(100, 100, kGrey), "", HeatScale{1, 2}}});
  EXPECT_EQ(one_line.height - plain.height, 17);
  EXPECT_EQ(wrapped.height - one_line.height, 3 * 12);
  EXPECT_GT(legend.height, plain.height);
  const int ramp_y = 8 + 100 + 5;
  EXPECT_EQ(pixel(legend, 8, ramp_y), heat_colour(0.0));
  EXPECT_EQ(pixel(legend, 107, ramp_y), heat_colour(1.0));
}

TEST(Compose, ScalesTextToTheHighestPicture) {
  const Picture small = compose(std::vector<Panel>{{filled(240, 240, kGrey), "x", {}}});
  const Picture large = compose(std::vector<Panel>{{filled(720, 720, kGrey), "x", {}}});
  EXPECT_EQ(small.height, 8 + 240 + 17 + 8);
  EXPECT_EQ(large.height, 3 * small.height);
}

TEST(Compose, CutsWordsThatAreTooWide) {
  const Picture picture = compose(std::vector<Panel>{{filled(10, 12, kGrey), "wide é words", {}}});
  EXPECT_EQ(picture.width, 28);
  EXPECT_EQ(picture.height, 8 + 10 + 5 + 12 * 6 + 8);  // wi de é wo rd s
}

TEST(Compose, RefusesNothing) {
  EXPECT_THROW(compose({}), std::invalid_argument);
}

}  // namespace
}  // namespace coco_mcu::report
