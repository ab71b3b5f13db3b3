#include "dataset/augmentation_view.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/support/gradient.h"

namespace coco_mcu::dataset {
namespace {

using coco_mcu::testing::gradient;
using core::Resize;

constexpr core::Preprocessing kInput = {.height = 24, .width = 32};

Image gradient_picture(int height, int width) {
  return {height, width, gradient(height, width)};
}

int largest_difference(const Image& first, const Image& second) {
  EXPECT_EQ(first.rgb.size(), second.rgb.size());
  int largest = 0;
  for (std::size_t i = 0; i < first.rgb.size(); ++i) {
    largest = std::max(largest, std::abs(first.rgb[i] - second.rgb[i]));
  }
  return largest;
}

Image mirrored(Image image) {
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width / 2; ++x) {
      for (int c = 0; c < 3; ++c) {
        std::swap(image.rgb[(y * image.width + x) * 3 + c],
                  image.rgb[(y * image.width + image.width - 1 - x) * 3 + c]);
      }
    }
  }
  return image;
}

View cropped_view() {
  return {.scaled_height = 30,
          .scaled_width = 40,
          .top = 5,
          .left = 3,
          .height = kInput.height,
          .width = kInput.width};
}

ExampleObject object(float xmin, float ymin, float xmax, float ymax) {
  return {{xmin, ymin, xmax, ymax}, (xmax - xmin) * (ymax - ymin), true};
}

TEST(View, TheWholeIsWhatTheNetworkSees) {
  const Image image = gradient_picture(37, 53);
  for (const Resize resize : {Resize::kBilinear, Resize::kLegacyBilinear}) {
    core::Preprocessing input = kInput;
    input.resize = resize;
    EXPECT_EQ(render(image, resize, whole_view(input)).rgb, prepare(image, input).rgb);
  }
}

TEST(View, APictureOfTheInputsSizeStaysAsItIs) {
  const Image image = gradient_picture(kInput.height, kInput.width);
  EXPECT_EQ(render(image, Resize::kBilinear, whole_view(kInput)).rgb, image.rgb);
}

TEST(View, ACropIsResizedFirstAndCutThen) {
  const Image image = gradient_picture(37, 53);
  const View view = cropped_view();
  for (const Resize resize : {Resize::kBilinear, Resize::kLegacyBilinear}) {
    const Image large = prepare(image, {.height = 30, .width = 40, .resize = resize});
    const Image seen = render(image, resize, view);
    for (int y = 0; y < view.height; ++y) {
      for (int i = 0; i < view.width * 3; ++i) {
        ASSERT_EQ(seen.rgb[y * view.width * 3 + i],
                  large.rgb[((y + view.top) * 40 + view.left) * 3 + i]);
      }
    }
  }
}

TEST(View, AMirrorTurnsRightToLeft) {
  const Image image = gradient_picture(37, 53);
  View view = cropped_view();
  const Image plain = render(image, Resize::kBilinear, view);
  view.mirrored = true;
  EXPECT_EQ(render(image, Resize::kBilinear, view).rgb, mirrored(plain).rgb);
}

TEST(View, AHardlyTurnedViewIsTheUprightOne) {
  const Image image = gradient_picture(37, 53);
  for (const Resize resize : {Resize::kBilinear, Resize::kLegacyBilinear}) {
    for (const bool mirror : {false, true}) {
      View view = cropped_view();
      view.mirrored = mirror;
      const Image upright = render(image, resize, view);
      view.degrees = 1e-6;
      EXPECT_LE(largest_difference(render(image, resize, view), upright), 1);
    }
  }
}

TEST(View, AQuarterTurnIsAnticlockwise) {
  // Red grows to the right; what is on the right goes to the top.
  const Image image = gradient_picture(32, 32);
  View view = {.scaled_height = 32, .scaled_width = 32, .height = 32, .width = 32};
  view.degrees = 90.0;
  const Image turned = render(image, Resize::kBilinear, view);
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) {
      const int red_before = image.rgb[(x * 32 + (31 - y)) * 3];
      ASSERT_NEAR(turned.rgb[(y * 32 + x) * 3], red_before, 1) << y << ", " << x;
    }
  }
}

TEST(View, ATurnedPictureOfOneColourKeepsIt) {
  const Image image{20, 30, std::vector<std::uint8_t>(20 * 30 * 3, 255)};
  View view = cropped_view();
  view.degrees = 33.0;
  const Image turned = render(image, Resize::kBilinear, view);
  EXPECT_TRUE(std::ranges::all_of(turned.rgb, [](std::uint8_t value) { return value == 255; }));
}

TEST(View, OnePixelFillsEveryView) {
  const Image image{1, 1, {10, 20, 30}};
  View view = cropped_view();
  for (const double degrees : {0.0, 20.0}) {
    view.degrees = degrees;
    const Image seen = render(image, Resize::kBilinear, view);
    for (std::size_t i = 0; i < seen.rgb.size(); ++i) ASSERT_EQ(seen.rgb[i], (i % 3 + 1) * 10);
  }
}

TEST(View, ABoxStaysInTheWholeView) {
  const Box box = {0.25F, 0.5F, 0.75F, 1.0F};
  EXPECT_EQ(box_in_view(box, 480, 640, whole_view(kInput)), box);
}

TEST(View, ABoxMovesWithTheCrop) {
  // The crop is columns 3..35 of 40 and rows 5..29 of 30.
  const Box box = box_in_view({0.5F, 0.5F, 0.75F, 1.0F}, 480, 640, cropped_view());
  EXPECT_FLOAT_EQ(box.xmin, (20.0F - 3.0F) / 32.0F);
  EXPECT_FLOAT_EQ(box.xmax, (30.0F - 3.0F) / 32.0F);
  EXPECT_FLOAT_EQ(box.ymin, (15.0F - 5.0F) / 24.0F);
  EXPECT_FLOAT_EQ(box.ymax, 1.0F);
}

TEST(View, ABoxIsMirroredToo) {
  View view = whole_view(kInput);
  view.mirrored = true;
  const Box box = box_in_view({0.25F, 0.5F, 0.5F, 1.0F}, 480, 640, view);
  EXPECT_EQ(box, (Box{0.5F, 0.5F, 0.75F, 1.0F}));
}

TEST(View, ABoxThatIsCutAwayIsEmpty) {
  const Box box = box_in_view({0.0F, 0.0F, 0.05F, 0.1F}, 480, 640, cropped_view());
  EXPECT_TRUE(box.xmin >= box.xmax || box.ymin >= box.ymax);
}

TEST(View, ABoxTurnsWhereItsPixelsTurn) {
  // A bright square on black: its box follows it through crop, mirror and turn.
  Image image{120, 160, std::vector<std::uint8_t>(120 * 160 * 3, 0)};
  for (int y = 60; y < 84; ++y) {
    std::fill_n(image.rgb.begin() + (y * 160 + 100) * 3, 24 * 3, std::uint8_t{255});
  }
  View view = {.scaled_height = 60,
               .scaled_width = 100,
               .top = 7,
               .left = 13,
               .height = 48,
               .width = 80,
               .mirrored = true,
               .degrees = 25.0};
  const Image seen = render(image, Resize::kBilinear, view);
  int left = view.width;
  int right = 0;
  int top = view.height;
  int bottom = 0;
  for (int y = 0; y < view.height; ++y) {
    for (int x = 0; x < view.width; ++x) {
      if (seen.rgb[(y * view.width + x) * 3] < 64) continue;
      left = std::min(left, x);
      right = std::max(right, x + 1);
      top = std::min(top, y);
      bottom = std::max(bottom, y + 1);
    }
  }
  const Box box =
      box_in_view({100 / 160.0F, 60 / 120.0F, 124 / 160.0F, 84 / 120.0F}, 120, 160, view);
  EXPECT_NEAR(box.xmin * view.width, left, 1.5);
  EXPECT_NEAR(box.xmax * view.width, right, 1.5);
  EXPECT_NEAR(box.ymin * view.height, top, 1.5);
  EXPECT_NEAR(box.ymax * view.height, bottom, 1.5);
}

TEST(View, AnObjectCoversItsAreaOfTheWhole) {
  EXPECT_NEAR(visible_share(object(0.2F, 0.2F, 0.6F, 0.7F), 480, 640, whole_view(kInput)), 0.2,
              1e-6);
}

TEST(View, AnObjectIsMagnifiedByTheCrop) {
  const double share = visible_share(object(0.4F, 0.4F, 0.6F, 0.6F), 480, 640, cropped_view());
  EXPECT_NEAR(share, 0.04 * (30.0 * 40.0) / (24.0 * 32.0), 1e-6);
}

TEST(View, OnlyWhatIsSeenOfAnObjectCounts) {
  // Of columns 0..4 of 40 one is inside of the crop, of rows 0..10 of 30 five are.
  const double share = visible_share(object(0.0F, 0.0F, 0.1F, 1.0F / 3), 480, 640, cropped_view());
  EXPECT_NEAR(share, 1.0 * 5.0 / (24.0 * 32.0), 1e-6);
}

TEST(View, AnOutlineCountsAsFarAsItsBoxIsSeen) {
  ExampleObject person = object(0.0F, 0.0F, 0.1F, 1.0F / 3);
  const double of_box = visible_share(person, 480, 640, cropped_view());
  person.area /= 2;
  EXPECT_NEAR(visible_share(person, 480, 640, cropped_view()), of_box / 2, 1e-9);
}

TEST(View, AnObjectThatIsCutAwayOrHasNoSizeCoversNothing) {
  EXPECT_EQ(visible_share(object(0.0F, 0.0F, 0.05F, 0.1F), 480, 640, cropped_view()), 0.0);
  EXPECT_EQ(visible_share(object(0.5F, 0.5F, 0.5F, 0.5F), 480, 640, cropped_view()), 0.0);
}

TEST(View, TurningLeavesTheAreaOfWhatStaysInside) {
  View view = cropped_view();
  const double upright = visible_share(object(0.45F, 0.45F, 0.55F, 0.6F), 480, 640, view);
  view.degrees = 20.0;
  EXPECT_NEAR(visible_share(object(0.45F, 0.45F, 0.55F, 0.6F), 480, 640, view), upright, 1e-6);
}

}  // namespace
}  // namespace coco_mcu::dataset
