#include <filesystem>
#include <fstream>

#include "dataset/image.h"
#include "tests/cli/annotated_samples.h"
#include "tests/cli/picture_cli_test.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;

class DatasetShow : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(file("samples.json")) << testing::annotations_of_samples();
    std::ofstream(file("recipe.toml")) << std::ifstream("recipes/two-bit.toml").rdbuf();
  }

  std::string file(const std::string& name) const { return folder_.path() / name; }
  std::string where() const { return file("samples.json") + ":samples"; }
  Outcome show(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"dataset", "show", "--out", file("sheet.png")});
    return testing::run_program(arguments);
  }
  dataset::Image sheet() const { return dataset::read_image(file("sheet.png")); }

  testing::TemporaryFolder folder_;
};

TEST_F(DatasetShow, DrawsTheAnnotatedPictures) {
  const Outcome outcome = show({where()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, file("sheet.png") + ": 4 of 4 pictures\n");
  EXPECT_GT(sheet().width, 4 * 200);
}

TEST_F(DatasetShow, PrintsJson) {
  std::ofstream(file("teacher.json")) << R"({"images": {"astronaut.jpg": {"ensemble": 0.75}}})";
  const Outcome outcome = show({where(), "--json", "--teacher", file("teacher.json")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const auto lines = testing::json_lines(outcome.output);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0]["file"], "astronaut.jpg");
  EXPECT_EQ(lines[0]["label"], true);
  EXPECT_EQ(lines[0]["boxes"], 1);
  EXPECT_EQ(lines[0]["teacher"], 0.75);
  EXPECT_EQ(lines[2]["file"], "chelsea.png");
  EXPECT_EQ(lines[2]["label"], false);
  EXPECT_TRUE(lines[2]["teacher"].is_null());
}

TEST_F(DatasetShow, LooksForAnotherClass) {
  const Outcome outcome = show({where(), "--json", "--class", "cat"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(testing::json_lines(outcome.output).at(2)["label"], true);
}

TEST_F(DatasetShow, DrawsAsManyAsAreAskedFor) {
  const Outcome outcome = show({where(), "--json", "--count", "2"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(testing::json_lines(outcome.output).size(), 2U);
}

TEST_F(DatasetShow, DrawsWhatARecipeMakesOfThem) {
  const Outcome plain = show({where()});
  const dataset::Image pictures = sheet();
  const Outcome outcome = show({where(), "--augment", file("recipe.toml")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_GT(sheet().height, pictures.height) << "a row for each picture";
}

TEST_F(DatasetShow, TheSeedDecides) {
  const std::vector<std::string> arguments = {where(), "--augment", file("recipe.toml")};
  ASSERT_EQ(show(arguments).exit_code, 0);
  const dataset::Image first = sheet();
  ASSERT_EQ(show(arguments).exit_code, 0);
  EXPECT_EQ(sheet().rgb, first.rgb);
  ASSERT_EQ(show({where(), "--augment", file("recipe.toml"), "--seed", "5"}).exit_code, 0);
  EXPECT_NE(sheet().rgb, first.rgb);
}

TEST_F(DatasetShow, RefusesAMissingPicture) {
  fs::create_directory(file("empty"));
  testing::expect_refusal(show({file("samples.json") + ":" + file("empty")}),
                          "astronaut.jpg: cannot be read");
  EXPECT_FALSE(fs::exists(file("sheet.png")));
}

TEST_F(DatasetShow, RefusesAFolderWithoutShards) {
  testing::expect_refusal(show({"samples"}), "samples: holds no TFRecord shards");
}

TEST_F(DatasetShow, RefusesAnUnknownTeacher) {
  std::ofstream(file("teacher.json")) << R"({"images": {"astronaut.jpg": {"ensemble": 0.75}}})";
  testing::expect_refusal(
      show({where(), "--teacher", file("teacher.json"), "--teacher-name", "other"}),
      "has no teacher `other`");
}

TEST_F(DatasetShow, RefusesAnUnknownStage) {
  const Outcome outcome = show({where(), "--augment", file("recipe.toml"), "--stage", "none"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("has the stages"));
}

TEST_F(DatasetShow, AStageNeedsARecipe) {
  EXPECT_EQ(show({where(), "--stage", "float"}).exit_code, 2);
}

TEST_F(DatasetShow, RefusesASheetThatNobodyCouldOpen) {
  EXPECT_EQ(show({where(), "--count", "100000"}).exit_code, 2);
}

TEST_F(DatasetShow, ExplainsItself) {
  const Outcome outcome = testing::run_program({"dataset", "show", "--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("--augment"), HasSubstr("Example:")));
}

}  // namespace
}  // namespace coco_mcu
