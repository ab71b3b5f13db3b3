#include "dataset/coco_json.h"

#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::dataset {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

CocoInstances read(const std::string& json, ObjectArea area = ObjectArea::kBox) {
  std::istringstream file(json);
  return read_coco_instances(file, "a.json", area);
}

void expect_refusal(const std::string& json, const std::string& reason,
                    ObjectArea area = ObjectArea::kBox) {
  EXPECT_THAT([&] { read(json, area); },
              ThrowsMessage<std::runtime_error>(AllOf(HasSubstr("a.json: "), HasSubstr(reason))))
      << json;
}

const std::string kImages = R"("images":[{"id":7,"file_name":"a.jpg","height":480,"width":640}])";
const std::string kCategories = R"("categories":[{"id":1,"name":"person"}])";
const std::string kAnnotations =
    R"("annotations":[{"image_id":7,"category_id":1,"bbox":[1,2,30.5,40],"area":99.5}])";

std::string with(const std::string& images, const std::string& annotations,
                 const std::string& categories) {
  return "{" + images + "," + annotations + "," + categories + "}";
}

TEST(CocoJson, ReadsWhatALabelNeeds) {
  const CocoInstances instances = read(with(kImages, kAnnotations, kCategories));
  ASSERT_EQ(instances.images.size(), 1U);
  EXPECT_EQ(instances.images[0].id, 7);
  EXPECT_EQ(instances.images[0].file_name, "a.jpg");
  EXPECT_EQ(instances.images[0].height, 480);
  EXPECT_EQ(instances.images[0].width, 640);
  ASSERT_EQ(instances.objects.size(), 1U);
  EXPECT_EQ(instances.objects[0].image_id, 7);
  EXPECT_EQ(instances.objects[0].category_id, 1);
  EXPECT_EQ(instances.objects[0].area, 30.5 * 40);
  ASSERT_EQ(instances.categories.size(), 1U);
  EXPECT_EQ(instances.categories[0].id, 1);
  EXPECT_EQ(instances.categories[0].name, "person");
}

TEST(CocoJson, TheAreaIsTheBoxesOrTheOutlines) {
  const std::string json = with(kImages, kAnnotations, kCategories);
  EXPECT_EQ(read(json, ObjectArea::kBox).objects[0].area, 1220.0);
  EXPECT_EQ(read(json, ObjectArea::kSegmentation).objects[0].area, 99.5);
}

TEST(CocoJson, SectionsComeInAnyOrder) {
  for (const auto& json :
       {with(kCategories, kAnnotations, kImages), with(kAnnotations, kImages, kCategories)}) {
    EXPECT_EQ(read(json).images.size(), 1U);
    EXPECT_EQ(read(json).objects.size(), 1U);
    EXPECT_EQ(read(json).categories.size(), 1U);
  }
}

TEST(CocoJson, WhateverElseStandsThereIsReadOver) {
  const CocoInstances instances = read(R"({
    "info": {"images": [1, {"id": "x"}], "year": 2014, "categories": null},
    "licenses": [{"id": 1, "name": "by"}, [], "text"],
    "annotations": [
      {"segmentation": [[1.5, 2, 3, 4], [5, 6]], "area": 3, "iscrowd": 0, "image_id": 7,
       "bbox": [0, 0, 10, 20], "category_id": 1, "id": 1},
      {"segmentation": {"counts": [1, 2], "size": [3, 4], "image_id": 99, "bbox": [1]}, "id": 2,
       "iscrowd": 1, "image_id": 7, "bbox": [0, 0, 30, 40], "category_id": 1, "area": "unknown"}],
    "images": [{"license": 3, "file_name": "a.jpg", "coco_url": "http://a", "height": 480,
                "width": 640, "tags": {"id": 5, "deep": [[{"id": 6}]]}, "id": 7}],
    "categories": [{"supercategory": "person", "id": 1, "name": "person", "area": []}],
    "last": true})");
  ASSERT_EQ(instances.objects.size(), 2U);
  EXPECT_EQ(instances.objects[0].area, 200);
  EXPECT_EQ(instances.objects[1].area, 1200);
  EXPECT_EQ(instances.objects[1].image_id, 7);
  EXPECT_EQ(instances.images[0].id, 7);
  EXPECT_EQ(instances.categories.size(), 1U);
}

TEST(CocoJson, EmptyListsAreLists) {
  const CocoInstances instances = read(R"({"images":[],"annotations":[],"categories":[]})");
  EXPECT_THAT(instances.images, IsEmpty());
  EXPECT_THAT(instances.objects, IsEmpty());
}

TEST(CocoJson, NoJsonIsAnErrorWithItsPlace) {
  expect_refusal("", "truncated: the JSON ends too early, at byte 1");
  expect_refusal(R"({"images": [)", "truncated: the JSON ends too early, at byte 13");
  expect_refusal(R"({"images": no})", "not JSON: it cannot be read beyond byte 13");
  expect_refusal("{} x", "not JSON: it cannot be read beyond byte 4");
  expect_refusal("\xFF\xD8\xFF photograph", "not JSON: it cannot be read beyond byte 1");
  expect_refusal(R"({"a": 1e999})", "not JSON");
}

TEST(CocoJson, EveryTruncationIsAnError) {
  const std::string json = with(kImages, kAnnotations, kCategories);
  for (std::size_t size = 0; size < json.size(); ++size) {
    expect_refusal(json.substr(0, size), "truncated");
  }
}

TEST(CocoJson, OtherJsonIsRefused) {
  expect_refusal("[]", "is not a COCO instances file");
  expect_refusal("12", "is not a COCO instances file");
  expect_refusal("{}", "it has no list of images");
  expect_refusal("{" + kImages + "}", "it has no list of annotations");
  expect_refusal("{" + kImages + "," + kAnnotations + "}", "it has no list of categories");
  expect_refusal(R"({"images": 5})", "`images` is not a list");
  expect_refusal(R"({"images": {}})", "`images` is not a list");
  expect_refusal(R"({"annotations": null})", "`annotations` is not a list");
  expect_refusal(R"({"images": [], "images": []})", "two lists of images");
}

TEST(CocoJson, RecordsHaveToBeObjects) {
  expect_refusal(R"({"images": [3]})", "images[0]: is not an object");
  expect_refusal(R"({"annotations": [[]]})", "annotations[0]: is not an object");
  expect_refusal(with(R"("categories":[{"id":1,"name":"a"},"b"])", kImages, kAnnotations),
                 "categories[1]: is not an object");
}

TEST(CocoJson, MissingFieldsAreNamed) {
  expect_refusal(R"({"images":[{"file_name":"a","height":1,"width":1}]})",
                 "images[0]: `id` is missing");
  expect_refusal(R"({"images":[{"id":1,"height":1,"width":1}]})",
                 "images[0]: `file_name` is missing");
  expect_refusal(R"({"images":[{"id":1,"file_name":"a","width":1}]})",
                 "images[0]: `height` is missing");
  expect_refusal(R"({"annotations":[{"category_id":1,"bbox":[1,1,1,1]}]})",
                 "annotations[0]: `image_id` is missing");
  expect_refusal(R"({"annotations":[{"image_id":1,"bbox":[1,1,1,1]}]})",
                 "annotations[0]: `category_id` is missing");
  expect_refusal(R"({"annotations":[{"image_id":1,"category_id":1,"area":5}]})",
                 "annotations[0]: `bbox` is missing");
  expect_refusal(R"({"annotations":[{"image_id":1,"category_id":1,"bbox":[1,1,1,1]}]})",
                 "annotations[0]: `area` is missing", ObjectArea::kSegmentation);
  expect_refusal(R"({"categories":[{"id":1}]})", "categories[0]: `name` is missing");
}

TEST(CocoJson, FieldsOfAnotherTypeAreRefused) {
  expect_refusal(R"({"images":[{"id":"7"}]})", "images[0]: `id` is not a whole number");
  expect_refusal(R"({"images":[{"id":7.5}]})", "`id` is not a whole number");
  expect_refusal(R"({"images":[{"id":18446744073709551615}]})", "`id` is not a whole number");
  expect_refusal(R"({"images":[{"id":null}]})", "`id` is not a whole number");
  expect_refusal(R"({"images":[{"id":[7]}]})", "`id` is not a whole number");
  expect_refusal(R"({"images":[{"id":{"id":7}}]})", "`id` is not a whole number");
  expect_refusal(R"({"images":[{"file_name":7}]})", "`file_name` is not a text");
  expect_refusal(R"({"annotations":[{"bbox":7}]})", "`bbox` is not a list");
  expect_refusal(R"({"annotations":[{"bbox":["7"]}]})", "something else than numbers");
  expect_refusal(R"({"annotations":[{"bbox":[[7]]}]})", "something else than numbers");
  expect_refusal(R"({"annotations":[{"bbox":[{}]}]})", "something else than numbers");
  expect_refusal(R"({"annotations":[{"area":"7"}]})", "`area` is not a number",
                 ObjectArea::kSegmentation);
}

TEST(CocoJson, SizesAndBoxesHaveToMakeSense) {
  for (const auto* const height : {"0", "-5", "1000001"}) {
    expect_refusal(
        std::string(R"({"images":[{"id":1,"file_name":"a","width":9,"height":)") + height + "}]}",
        "`height` is " + std::string(height));
  }
  for (const auto* const box : {"[]", "[1,2,3]", "[1,2,3,4,5]", "[1,2,-3,4]", "[1,2,3,-4]"}) {
    expect_refusal(
        std::string(R"({"annotations":[{"image_id":1,"category_id":1,"bbox":)") + box + "}]}",
        "annotations[0]: `bbox` is");
  }
}

}  // namespace
}  // namespace coco_mcu::dataset
