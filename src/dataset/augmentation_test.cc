#include "dataset/augmentation.h"

#include <algorithm>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gradient.h"

namespace coco_mcu::dataset {
namespace {

constexpr core::Preprocessing kInput = {.height = 32, .width = 48};
constexpr int kHeight = 60;
constexpr int kWidth = 90;

const Image& picture() {
  static const Image kPicture = {kHeight, kWidth, coco_mcu::testing::gradient(kHeight, kWidth)};
  return kPicture;
}

ExampleObject person(const Box& box) {
  return {box, (box.xmax - box.xmin) * (box.ymax - box.ymin), true};
}

Example labelled(bool label, std::vector<ExampleObject> objects) {
  Example example;
  example.height = kHeight;
  example.width = kWidth;
  example.label = label;
  example.objects = std::move(objects);
  return example;
}

PreparedPicture prepared(const Augmentation& augmentation, std::uint64_t seed,
                         const Example& example = {}) {
  Random random({seed});
  return prepare_picture(picture(), example, kInput, &augmentation, random);
}

/// Whether the option does something for one of many seeds.
bool acts(const Augmentation& augmentation) {
  const Image plain = prepare(picture(), kInput);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    if (prepared(augmentation, seed).image.rgb != plain.rgb) return true;
  }
  return false;
}

TEST(Augmentation, WithoutOneThePictureIsPreparedAsForTheNetwork) {
  Random random({1});
  const Example example = labelled(true, {person({0.1F, 0.2F, 0.3F, 0.4F})});
  const PreparedPicture result = prepare_picture(picture(), example, kInput, nullptr, random);
  EXPECT_EQ(result.image.rgb, prepare(picture(), kInput).rgb);
  EXPECT_EQ(result.label, true);
  ASSERT_EQ(result.boxes.size(), 1U);
  EXPECT_EQ(result.boxes[0], example.objects[0].box);
}

TEST(Augmentation, SwitchedOffItIsTheIdentity) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    EXPECT_EQ(prepared({}, seed).image.rgb, prepare(picture(), kInput).rgb);
  }
}

TEST(Augmentation, StrengthsWithoutAChanceAreTheIdentity) {
  EXPECT_FALSE(acts({.down_scale = 0.3}));
  EXPECT_FALSE(acts({.jpeg_quality = 10}));
  EXPECT_FALSE(acts({.down_scale_chance = 1.0, .jpeg_chance = 1.0}));
}

TEST(Augmentation, EachOptionActs) {
  EXPECT_TRUE(acts({.crop_scale = 1.25}));
  EXPECT_TRUE(acts({.horizontal_flip = true}));
  EXPECT_TRUE(acts({.brightness = 0.1}));
  EXPECT_TRUE(acts({.contrast = 0.1}));
  EXPECT_TRUE(acts({.saturation = 0.1}));
  EXPECT_TRUE(acts({.hue = 0.1}));
  EXPECT_TRUE(acts({.rotation = 5.0}));
  EXPECT_TRUE(acts({.down_scale = 0.3, .down_scale_chance = 1.0}));
  EXPECT_TRUE(acts({.jpeg_quality = 10, .jpeg_chance = 1.0}));
  EXPECT_TRUE(acts({.noise = 0.1}));
}

TEST(Augmentation, IsAFunctionOfTheRandomStream) {
  const Augmentation all = {.crop_scale = 1.25,
                            .horizontal_flip = true,
                            .brightness = 0.1,
                            .contrast = 0.2,
                            .saturation = 0.2,
                            .hue = 0.1,
                            .rotation = 10.0,
                            .down_scale = 0.4,
                            .down_scale_chance = 0.5,
                            .jpeg_quality = 30,
                            .jpeg_chance = 0.5,
                            .noise = 0.03};
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    EXPECT_EQ(prepared(all, seed).image.rgb, prepared(all, seed).image.rgb);
    EXPECT_NE(prepared(all, seed).image.rgb, prepared(all, seed + 100).image.rgb);
  }
}

TEST(Augmentation, EverySecondPictureIsMirrored) {
  const Image plain = prepare(picture(), kInput);
  int mirrored = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    mirrored += prepared({.horizontal_flip = true}, seed).image.rgb != plain.rgb ? 1 : 0;
  }
  EXPECT_NEAR(mirrored, 200, 50);
}

TEST(Augmentation, CropsReachEveryCorner) {
  // Red grows to the right and green downwards, so the corner pixel says where the crop is.
  int lowest_red = 255;
  int highest_red = 0;
  int lowest_green = 255;
  int highest_green = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Image image = prepared({.crop_scale = 1.25}, seed).image;
    lowest_red = std::min<int>(lowest_red, image.rgb[0]);
    highest_red = std::max<int>(highest_red, image.rgb[0]);
    lowest_green = std::min<int>(lowest_green, image.rgb[1]);
    highest_green = std::max<int>(highest_green, image.rgb[1]);
  }
  EXPECT_LE(lowest_red, 2);
  EXPECT_NEAR(highest_red, 255 * 0.2, 4);
  EXPECT_LE(lowest_green, 2);
  EXPECT_NEAR(highest_green, 255 * 0.2, 6);
}

// A person at the very left of the picture, whom many crops cut away.
Example person_at_the_edge() {
  return labelled(true, {person({0.0F, 0.3F, 0.1F, 0.7F})});
}

constexpr Augmentation kCrop = {.crop_scale = 2.0};

TEST(CropRule, TheLabelIsKept) {
  Augmentation augmentation = kCrop;
  augmentation.crop_rule = CropRule::kKeepLabel;
  int cut_away = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const PreparedPicture result = prepared(augmentation, seed, person_at_the_edge());
    EXPECT_EQ(result.label, true);
    cut_away += result.boxes.empty() ? 1 : 0;
  }
  EXPECT_GT(cut_away, 20);
}

TEST(CropRule, TheLabelIsWhatTheCropShows) {
  Augmentation augmentation = kCrop;
  augmentation.crop_rule = CropRule::kRelabel;
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const PreparedPicture result = prepared(augmentation, seed, person_at_the_edge());
    ASSERT_TRUE(result.label.has_value());
    EXPECT_FALSE(result.boxes.empty() && *result.label);
    lost += *result.label ? 0 : 1;
  }
  EXPECT_GT(lost, 20);
  EXPECT_LT(lost, 100);
}

TEST(CropRule, ASmallPersonAppearsWhereTheCropMagnifiesIt) {
  // 0.4 % of the picture are no person; of a quarter of it they are 1.6 %.
  const Example example = labelled(false, {person({0.48F, 0.45F, 0.52F, 0.55F})});
  Augmentation augmentation = kCrop;
  augmentation.crop_rule = CropRule::kRelabel;
  int appeared = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    appeared += *prepared(augmentation, seed, example).label ? 1 : 0;
  }
  EXPECT_GT(appeared, 25);
}

TEST(CropRule, CropsAreDrawnUntilOneKeepsTheLabel) {
  int kept = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const PreparedPicture result = prepared(kCrop, seed, person_at_the_edge());
    EXPECT_EQ(result.label, true);
    kept += result.boxes.empty() ? 0 : 1;
  }
  EXPECT_GT(kept, 80);
}

TEST(CropRule, AnotherDrawIsAnotherCrop) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Image image = prepared(kCrop, seed, person_at_the_edge()).image;
    seen.emplace(image.rgb.begin(), image.rgb.end());
  }
  EXPECT_GT(seen.size(), 15U);
}

TEST(CropRule, AfterTenCropsTheMiddleIsTaken) {
  // No crop shows this much of anything.
  Augmentation augmentation = kCrop;
  augmentation.min_visible = 1.0;
  const Image large = prepare(picture(), {.height = 64, .width = 96});
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const PreparedPicture result = prepared(augmentation, seed, person_at_the_edge());
    EXPECT_EQ(result.label, true);
    for (int i = 0; i < kInput.width * 3; ++i) {
      ASSERT_EQ(result.image.rgb[i], large.rgb[(16 * 96 + 24) * 3 + i]);
    }
  }
}

TEST(CropRule, OtherObjectsDoNotCount) {
  ExampleObject dog = person({0.3F, 0.3F, 0.7F, 0.7F});
  dog.is_class = false;
  const Example example = labelled(true, {dog, person({0.0F, 0.3F, 0.1F, 0.7F})});
  Augmentation augmentation = kCrop;
  augmentation.crop_rule = CropRule::kRelabel;
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const PreparedPicture result = prepared(augmentation, seed, example);
    EXPECT_LE(result.boxes.size(), 1U);
    lost = lost || !*result.label;
  }
  EXPECT_TRUE(lost);
}

TEST(CropRule, ALabelWithoutBoxesIsBelieved) {
  Augmentation augmentation = kCrop;
  augmentation.crop_rule = CropRule::kRelabel;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(prepared(augmentation, seed, labelled(true, {})).label, true);
    EXPECT_EQ(prepared(augmentation, seed, labelled(false, {})).label, false);
    EXPECT_EQ(prepared(augmentation, seed).label, std::nullopt);
  }
}

TEST(CropRule, TheWholePictureKeepsItsLabel) {
  // By another rule than the one it was made with, the label could change without any crop.
  const Example example = labelled(true, {person({0.0F, 0.3F, 0.1F, 0.4F})});
  Augmentation augmentation = {.crop_rule = CropRule::kRelabel, .min_visible = 0.5};
  EXPECT_EQ(prepared(augmentation, 1, example).label, true);
}

TEST(CropRule, ATurnedPictureIsCheckedToo) {
  const Example example = labelled(true, {person({0.0F, 0.0F, 0.06F, 0.1F})});
  Augmentation augmentation = {.crop_rule = CropRule::kRelabel, .rotation = 40.0};
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    lost += *prepared(augmentation, seed, example).label ? 0 : 1;
  }
  EXPECT_GT(lost, 10);
}

}  // namespace
}  // namespace coco_mcu::dataset
