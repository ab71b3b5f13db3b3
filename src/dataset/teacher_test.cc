#include "dataset/teacher.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/complaint.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::dataset {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kTwoTeachers =
    R"({"what": "two", "images": {"a.jpg": {"one": 0.25, "two": 1}, "b.jpg": {"one": 0, "two": 0.5}}})";

std::string complaint_about(const std::string& text, const std::string& name = "one") {
  TeacherProbabilities teacher;
  std::string said =
      coco_mcu::testing::complaint([&] { teacher.add_text(text, "teacher.json", name); });
  EXPECT_EQ(teacher.size(), 0U);
  return said;
}

TEST(Teacher, TheNameChooses) {
  TeacherProbabilities one;
  one.add_text(kTwoTeachers, "teacher.json", "one");
  EXPECT_EQ(one.size(), 2U);
  EXPECT_EQ(one.of("a.jpg"), 0.25);
  EXPECT_EQ(one.of("b.jpg"), 0.0);
  TeacherProbabilities two;
  two.add_text(kTwoTeachers, "teacher.json", "two");
  EXPECT_EQ(two.of("a.jpg"), 1.0);
}

TEST(Teacher, SaysNothingOfOtherPictures) {
  TeacherProbabilities teacher;
  teacher.add_text(kTwoTeachers, "teacher.json", "one");
  EXPECT_EQ(teacher.of("c.jpg"), std::nullopt);
}

TEST(Teacher, OneTeacherNeedsNoName) {
  TeacherProbabilities teacher;
  teacher.add_text(R"({"images": {"a.jpg": 0.75}})", "teacher.json", "whatever");
  EXPECT_EQ(teacher.of("a.jpg"), 0.75);
}

TEST(Teacher, FilesAddUpAndTheLaterOneCounts) {
  TeacherProbabilities teacher;
  teacher.add_text(R"({"images": {"a.jpg": 0.1, "b.jpg": 0.2}})", "first.json", "");
  teacher.add_text(R"({"images": {"b.jpg": 0.3, "c.jpg": 0.4}})", "second.json", "");
  EXPECT_EQ(teacher.size(), 3U);
  EXPECT_EQ(teacher.of("a.jpg"), 0.1);
  EXPECT_EQ(teacher.of("b.jpg"), 0.3);
  EXPECT_EQ(teacher.of("c.jpg"), 0.4);
}

TEST(Teacher, AnUnknownNameIsToldTheKnownOnes) {
  EXPECT_THAT(complaint_about(kTwoTeachers, "three"),
              AllOf(HasSubstr("teacher.json: images.a.jpg: has no teacher `three`"),
                    HasSubstr("one, two")));
}

TEST(Teacher, OnlyProbabilitiesAreAccepted) {
  for (const char* value :
       {"1.5", "-0.1", "\"high\"", "null", "[0.5]", "{\"one\": 2}", "{\"one\": null}", "1e999"}) {
    const std::string text = std::string(R"({"images": {"a.jpg": )") + value + "}}";
    EXPECT_NE(complaint_about(text), "") << value;
  }
  EXPECT_THAT(complaint_about(R"({"images": {"good.jpg": 0.5, "bad.jpg": 7}})"),
              HasSubstr("teacher.json: images.bad.jpg: is not a probability; give a number"));
}

TEST(Teacher, OtherFilesAreRefused) {
  EXPECT_THAT(complaint_about("{\"images\": {\"a.jpg\": 0."), HasSubstr("is not JSON"));
  for (const char* text : {"[]", "{}", "1", "{\"images\": []}"}) {
    EXPECT_THAT(complaint_about(text), HasSubstr("the object `images` is missing"));
  }
}

TEST(Teacher, ComesFromAFile) {
  const coco_mcu::testing::TemporaryFolder folder;
  const auto file = folder.path() / "teacher.json";
  std::ofstream(file) << kTwoTeachers;
  TeacherProbabilities teacher;
  teacher.add(file, "one");
  EXPECT_EQ(teacher.size(), 2U);
  for (const auto& absent : {folder.path() / "absent.json", folder.path()}) {
    EXPECT_THAT(coco_mcu::testing::complaint([&] { teacher.add(absent, "one"); }),
                HasSubstr(absent.string() + ": cannot be read"));
  }
}

TEST(Teacher, ReadsTheSharedOnes) {
  const auto file = coco_mcu::testing::shared_material("data/annotations/teacher_train.json");
  if (!file) GTEST_SKIP() << "needs the shared photographs (COCO_MCU_SHARED)";
  TeacherProbabilities teacher;
  teacher.add(*file, "ensemble");
  EXPECT_EQ(teacher.size(), 1665U);
  EXPECT_EQ(teacher.of("coco_000000000009.jpg"), 0.16696);
}

}  // namespace
}  // namespace coco_mcu::dataset
