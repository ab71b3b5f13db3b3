// evaluate with an integer model.
#include "tests/cli/annotated_samples.h"
#include "tests/cli/model_cli_test.h"

namespace coco_mcu {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;

class EvaluateModel : public testing::WithModel {
 protected:
  Outcome evaluate(std::vector<std::string> more) const {
    const std::string text = testing::annotations_of_samples().dump();
    testing::write_file(file("instances.json"), {text.begin(), text.end()});
    std::vector<std::string> arguments = {
        "evaluate", "--model", model(), "--annotations", file("instances.json"),
        "--images", "samples"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run_program(arguments);
  }
};

TEST_F(EvaluateModel, CountsInJson) {
  const Outcome outcome = evaluate({"--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const nlohmann::json object = testing::json_lines(outcome.output).at(0);
  EXPECT_EQ(object["n"], 4);
  EXPECT_EQ(object["threshold"], 0.5);
  EXPECT_DOUBLE_EQ(object["accuracy"].get<double>(), object["correct"].get<double>() / 4.0);
}

/// With a threshold of 0 every picture is said to show a person; two of the four do.
TEST_F(EvaluateModel, TheModelsThresholdDecides) {
  model::IntegerModel changed = made_up_model();
  changed.threshold = 0;
  write_model("model.cmcu", changed);
  const nlohmann::json object = testing::json_lines(evaluate({"--json"}).output).at(0);
  EXPECT_EQ(object["threshold"], 0.0);
  EXPECT_EQ(object["tpr"], 1.0);
  EXPECT_EQ(object["tnr"], 0.0);
}

TEST_F(EvaluateModel, PrintsText) {
  const Outcome outcome = evaluate({});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr(" of 4 right: "));
  EXPECT_THAT(outcome.output, HasSubstr("threshold 0.5\n"));
}

TEST_F(EvaluateModel, RefusesATruncatedModel) {
  std::filesystem::resize_file(model(), 1000);
  expect_refusal(evaluate({}), "model.cmcu: is truncated");
}

TEST_F(EvaluateModel, RefusesAModelOfOtherLabels) {
  model::IntegerModel other = made_up_model();
  other.labels = {"cat", "dog"};
  write_model("model.cmcu", other);
  expect_refusal(evaluate({}), "not about \"person\"");
}

TEST_F(EvaluateModel, WantsOneNetwork) {
  const Outcome outcome = evaluate({"--checkpoint", "checkpoint"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("more than one network is named"));
}

}  // namespace
}  // namespace coco_mcu
