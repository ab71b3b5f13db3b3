#include "dataset/coco_annotations.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/shared_material.h"

namespace coco_mcu::dataset {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Two pictures of 100 x 200 pixels: 0.5 % of one is 100 pixels.
std::string with_annotations(const std::string& annotations) {
  return R"({"annotations":[)" + annotations + R"(],
    "images":[{"id":30,"file_name":"b.jpg","height":100,"width":200},
              {"id":20,"file_name":"sub/a.jpg","height":100,"width":200}],
    "categories":[{"id":1,"name":"person"},{"id":18,"name":"dog"}]})";
}

std::vector<LabelledPicture> labels(const std::string& json, const VisualWakeWords& rule = {}) {
  std::istringstream file(json);
  return read_labels(file, "a.json", rule);
}

bool first_label(const std::string& annotation, const VisualWakeWords& rule = {}) {
  return labels(with_annotations(annotation), rule)[0].label;
}

void expect_refusal(const std::string& json, const std::string& reason,
                    const VisualWakeWords& rule = {}) {
  EXPECT_THAT([&] { labels(json, rule); },
              ThrowsMessage<std::runtime_error>(AllOf(HasSubstr("a.json: "), HasSubstr(reason))));
}

TEST(CocoAnnotations, PicturesKeepTheFilesOrder) {
  const auto pictures =
      labels(with_annotations(R"({"image_id":20,"category_id":1,"bbox":[0,0,50,50]})"));
  ASSERT_EQ(pictures.size(), 2U);
  EXPECT_EQ(pictures[0].id, 30);
  EXPECT_EQ(pictures[0].file_name, "b.jpg");
  EXPECT_EQ(pictures[0].height, 100);
  EXPECT_EQ(pictures[0].width, 200);
  EXPECT_FALSE(pictures[0].label);
  EXPECT_EQ(pictures[1].id, 20);
  EXPECT_EQ(pictures[1].file_name, "sub/a.jpg");
  EXPECT_TRUE(pictures[1].label);
}

TEST(CocoAnnotations, AnObjectHasToCoverMoreThanTheShare) {
  EXPECT_FALSE(first_label(R"({"image_id":30,"category_id":1,"bbox":[0,0,10,10]})"));
  EXPECT_TRUE(first_label(R"({"image_id":30,"category_id":1,"bbox":[0,0,10,10.01]})"));
  EXPECT_FALSE(
      first_label(R"({"image_id":30,"category_id":1,"bbox":[0,0,10,10.01]})", {.min_area = 0.006}));
  EXPECT_TRUE(
      first_label(R"({"image_id":30,"category_id":1,"bbox":[0,0,1,1]})", {.min_area = 0.0}));
  // Two that are too small do not add up.
  EXPECT_FALSE(first_label(R"({"image_id":30,"category_id":1,"bbox":[0,0,10,10]},
                              {"image_id":30,"category_id":1,"bbox":[50,50,10,10]})"));
}

TEST(CocoAnnotations, OnlyTheClassCounts) {
  const std::string dog = R"({"image_id":30,"category_id":18,"bbox":[0,0,90,90]})";
  EXPECT_FALSE(first_label(dog));
  EXPECT_TRUE(first_label(dog, {.class_name = "dog"}));
}

TEST(CocoAnnotations, CrowdsCount) {
  EXPECT_TRUE(first_label(
      R"({"image_id":30,"category_id":1,"bbox":[0,0,90,90],"iscrowd":1,
          "segmentation":{"counts":[1,2],"size":[100,200]}})"));
}

TEST(CocoAnnotations, TheOutlinesAreaIsTheOtherRule) {
  const std::string thin = R"({"image_id":30,"category_id":1,"bbox":[0,0,90,90],"area":100})";
  EXPECT_TRUE(first_label(thin));
  EXPECT_FALSE(first_label(thin, {.area = ObjectArea::kSegmentation}));
  EXPECT_TRUE(first_label(R"({"image_id":30,"category_id":1,"area":100.5})",
                          {.area = ObjectArea::kSegmentation}));
}

TEST(CocoAnnotations, AnUnknownClassIsAnErrorThatListsSome) {
  expect_refusal(with_annotations(""), "`cat`; there are 2: person, dog", {.class_name = "cat"});
  std::ostringstream categories;
  for (int i = 0; i < 80; ++i) {
    categories << (i == 0 ? "" : ",") << R"({"id":)" << i << R"(,"name":"c)" << i << R"("})";
  }
  expect_refusal(R"({"images":[],"annotations":[],"categories":[)" + categories.str() + "]}",
                 "there are 80: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, ...");
}

TEST(CocoAnnotations, WhatDoesNotBelongTogetherIsRefused) {
  expect_refusal(with_annotations(R"({"image_id":31,"category_id":1,"bbox":[0,0,1,1]})"),
                 "picture 31, which is not among the images");
  expect_refusal(with_annotations(R"({"image_id":30,"category_id":2,"bbox":[0,0,1,1]})"),
                 "picture 30 is of category 2");
  expect_refusal(R"({"images":[{"id":5,"file_name":"a","height":9,"width":9},
                               {"id":5,"file_name":"b","height":9,"width":9}],
                     "annotations":[],"categories":[{"id":1,"name":"person"}]})",
                 "two pictures have the id 5");
  expect_refusal(R"({"images":[],"annotations":[],
                     "categories":[{"id":1,"name":"person"},{"id":1,"name":"dog"}]})",
                 "two categories have the id 1");
}

TEST(CocoAnnotations, FileNamesStayInsideTheFolder) {
  const auto named = [](const std::string& name) {
    return R"({"images":[{"id":5,"file_name":")" + name + R"(","height":9,"width":9}],
               "annotations":[],"categories":[{"id":1,"name":"person"}]})";
  };
  for (const auto* const name : {"", "/etc/passwd", "..", "../a.jpg", "a/../../b.jpg", "a/..", "a/",
                                 "a\\nb.jpg", "a.jpg\\u0000.png"}) {
    expect_refusal(named(name), "the picture of id 5 has a file name");
  }
  for (const auto* const name :
       {"a.jpg", "train2014/a.jpg", "a..b.jpg", "..a", "Stra\u00dfe.jpg"}) {
    EXPECT_EQ(labels(named(name))[0].file_name, name);
  }
}

TEST(CocoAnnotations, NamesTheFileThatCannotBeRead) {
  EXPECT_THAT([] { read_labels(std::filesystem::path("absent.json")); },
              ThrowsMessage<std::runtime_error>(HasSubstr("absent.json: cannot be read")));
  EXPECT_THROW(read_labels(std::filesystem::path("/")), std::runtime_error);
}

struct Split {
  const char* file;
  std::size_t pictures;
  double share;  // showing people, percent
};

TEST(Photographs, SplitsHaveTheirShareOfPeople) {
  for (const Split& split :
       {Split{"instances_train.json", 1665, 27}, Split{"instances_val.json", 283, 24},
        Split{"instances_coco_val.json", 216, 49}}) {
    const auto file =
        coco_mcu::testing::shared_material(std::filesystem::path("data/annotations") / split.file);
    if (!file) GTEST_SKIP() << "needs the shared photographs (COCO_MCU_SHARED)";
    const auto pictures = read_labels(*file);
    EXPECT_EQ(pictures.size(), split.pictures);
    const auto people = std::count_if(pictures.begin(), pictures.end(),
                                      [](const LabelledPicture& picture) { return picture.label; });
    EXPECT_NEAR(100.0 * static_cast<double>(people) / static_cast<double>(pictures.size()),
                split.share, 0.5)
        << split.file;
  }
}

}  // namespace
}  // namespace coco_mcu::dataset
