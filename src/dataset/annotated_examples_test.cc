#include "dataset/annotated_examples.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/complaint.h"

namespace coco_mcu::dataset {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One picture of 200 x 100 pixels (width x height) with these annotations, one without any.
std::vector<Example> read(const std::string& annotations, const VisualWakeWords& rule = {}) {
  std::istringstream file(R"({"annotations":[)" + annotations + R"(],
    "images":[{"id":30,"file_name":"b.jpg","height":100,"width":200},
              {"id":20,"file_name":"a.jpg","height":100,"width":200,"weak_person":1}],
    "categories":[{"id":1,"name":"person"},{"id":18,"name":"dog"}]})");
  return read_annotated_examples(file, "a.json", rule);
}

TEST(AnnotatedExamples, HaveTheirObjectsInSharesOfThePicture) {
  const auto examples = read(R"({"image_id":30,"category_id":18,"bbox":[0,0,10,10],"area":50},
                                {"image_id":30,"category_id":1,"bbox":[50,25,100,50],"area":9})");
  ASSERT_EQ(examples.size(), 2U);
  EXPECT_EQ(examples[0].id, 30);
  EXPECT_EQ(examples[0].file_name, "b.jpg");
  EXPECT_EQ(examples[0].height, 100);
  EXPECT_EQ(examples[0].width, 200);
  EXPECT_EQ(examples[0].label, std::optional(true));
  EXPECT_EQ(examples[0].class_name, "person");
  EXPECT_THAT(examples[0].encoded, IsEmpty());
  ASSERT_EQ(examples[0].objects.size(), 2U);
  EXPECT_EQ(examples[0].objects[0].box, (Box{0.0F, 0.0F, 0.05F, 0.1F}));
  EXPECT_FALSE(examples[0].objects[0].is_class);
  EXPECT_EQ(examples[0].objects[1].box, (Box{0.25F, 0.25F, 0.75F, 0.75F}));
  EXPECT_EQ(examples[0].objects[1].area, 0.25F);
  EXPECT_TRUE(examples[0].objects[1].is_class);
  EXPECT_EQ(examples[1].label, std::optional(false));
  EXPECT_THAT(examples[1].objects, IsEmpty());
}

TEST(AnnotatedExamples, TheAreaIsThatOfTheRule) {
  const std::string person = R"({"image_id":30,"category_id":1,"bbox":[50,25,100,50],"area":2000})";
  EXPECT_EQ(read(person, {.area = ObjectArea::kSegmentation})[0].objects[0].area, 0.1F);
}

TEST(AnnotatedExamples, OutlinesWithoutBoxesCountForTheLabel) {
  const auto examples =
      read(R"({"image_id":30,"category_id":1,"area":2000})", {.area = ObjectArea::kSegmentation});
  EXPECT_EQ(examples[0].label, std::optional(true));
  EXPECT_THAT(examples[0].objects, IsEmpty());
}

TEST(AnnotatedExamples, BoxesAreCutAtThePicturesEdges) {
  const auto examples = read(R"({"image_id":30,"category_id":1,"bbox":[-10,50,1000,1e300]})");
  EXPECT_EQ(examples[0].objects[0].box, (Box{0.0F, 0.5F, 1.0F, 1.0F}));
  EXPECT_EQ(examples[0].objects[0].area, 1.0F);
}

TEST(AnnotatedExamples, WeakPeopleArePicturesOfPeopleOnly) {
  EXPECT_FALSE(read("")[0].is_weakly_positive);
  EXPECT_TRUE(read("")[1].is_weakly_positive);
  EXPECT_FALSE(read("", {.class_name = "dog"})[1].is_weakly_positive);
}

TEST(AnnotatedExamples, AnEmptyBoxIsRefusedUnderBothRules) {
  const std::string empty = R"({"image_id":30,"category_id":1,"bbox":[],"area":9})";
  EXPECT_THAT(testing::complaint([&] { read(empty); }), HasSubstr("`bbox` is not"));
  EXPECT_THAT(testing::complaint([&] { read(empty, {.area = ObjectArea::kSegmentation}); }),
              HasSubstr("`bbox` is not"));
}

}  // namespace
}  // namespace coco_mcu::dataset
