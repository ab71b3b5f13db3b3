#include <gmock/gmock.h>

#include "tests/cli/training_cli_test.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;

class Train : public testing::WithTrainingData {};

TEST_F(Train, GoesFromPicturesToAnEvaluatedCheckpoint) {
  const Outcome outcome = train("run", {"--validation", data()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("parameters"), HasSubstr("stage two-bit"), HasSubstr("of 32 right"),
                    HasSubstr("finished after 14 steps")));
  const Outcome evaluated =
      testing::run_program({"evaluate", "--checkpoint", file("run/best"), "--annotations",
                            file("instances.json"), "--images", file("pictures"), "--json"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.errors;
  EXPECT_EQ(testing::json_lines(evaluated.output)[0]["n"], 32);
}

TEST_F(Train, ValidatesAsEvaluateDoes) {
  const Outcome outcome = train("run", {"--validation", data(), "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const auto lines = testing::json_lines(outcome.output);
  const Outcome evaluated =
      testing::run_program({"evaluate", "--checkpoint", file("run/last"), "--annotations",
                            file("instances.json"), "--images", file("pictures"), "--json"});
  const auto& validation = lines.at(lines.size() - 2)["validation"];
  const auto expected = testing::json_lines(evaluated.output).at(0);
  EXPECT_EQ(validation["correct"], expected["correct"]);
  EXPECT_NEAR(validation["cross_entropy"].get<double>(), expected["cross_entropy"].get<double>(),
              1e-4);
}

TEST_F(Train, TheSameRecipeGivesTheSameWeights) {
  ASSERT_EQ(train("one").exit_code, 0);
  ASSERT_EQ(train("two").exit_code, 0);
  EXPECT_TRUE(content("one/last/weights.pt") == content("two/last/weights.pt"));
  EXPECT_EQ(metrics("one"), metrics("two"));
}

TEST_F(Train, WritesEveryStepDown) {
  ASSERT_EQ(train("run").exit_code, 0);
  int steps = 0;
  for (const nlohmann::json& line : metrics("run")) steps += line.contains("learning_rate") ? 1 : 0;
  EXPECT_EQ(steps, 14);
  EXPECT_EQ(content("run/recipe.toml"), testing::quick_recipe());
  EXPECT_THAT(content("run/run.json"), AllOf(HasSubstr("data_hash"), HasSubstr("libtorch")));
}

TEST_F(Train, AnExistingRunIsRefused) {
  ASSERT_EQ(train("run", {"--stop-after-steps", "1"}).exit_code, 0);
  const Outcome outcome = train("run");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("--resume"));
}

TEST_F(Train, AnUnknownFieldOfTheRecipeIsNamed) {
  write("recipe.toml", "learning_speed = 3\n" + testing::quick_recipe());
  const Outcome outcome = train("run");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("learning_speed"));
  EXPECT_FALSE(fs::exists(file("run")));
}

TEST_F(Train, AMissingPictureIsNamed) {
  fs::remove(file("pictures/picture5.png"));
  const Outcome outcome = train("run");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("picture5.png"));
}

TEST_F(Train, ALossThatIsNotFiniteStopsWithItsPlace) {
  write("recipe.toml", testing::quick_recipe(1e30));
  const Outcome outcome = train("run");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, AllOf(HasSubstr("the loss is"), HasSubstr("stage float"),
                                    HasSubstr("epoch 1"), HasSubstr("learning rate")));
}

TEST_F(Train, AnotherStageBeginsFromACheckpoint) {
  ASSERT_EQ(train("first").exit_code, 0);
  const Outcome outcome = train("second", {"--init", file("first/last")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
}

}  // namespace
}  // namespace coco_mcu
