#include "tests/cli/model_cli_test.h"

namespace coco_mcu {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;

class Verify : public testing::WithModel {
 protected:
  static Outcome verify(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "verify");
    return testing::run_program(arguments);
  }

  /// A model whose golden vector is not what it computes.
  std::string wrong_model() const {
    model::IntegerModel wrong = made_up_model();
    wrong.golden.checksums[5] ^= 1U;
    return write_model("wrong.cmcu", wrong);
  }
};

TEST_F(Verify, EveryBackEndAgrees) {
  const Outcome outcome = verify({model()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("reference    agrees with the golden vector"));
  EXPECT_THAT(outcome.output, ::testing::Not(HasSubstr("differs")));
}

TEST_F(Verify, PrintsJsonOnly) {
  const Outcome outcome = verify({"--json", model()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const nlohmann::json object = testing::json_lines(outcome.output).at(0);
  EXPECT_EQ(object["agrees"], true);
  const nlohmann::json& last = object["backends"].back();
  EXPECT_EQ(last["backend"], "reference");
  EXPECT_EQ(last["agrees"], true);
  EXPECT_TRUE(last["first_wrong_layer"].is_null());
  EXPECT_TRUE(object["skipped"].is_array());
}

TEST_F(Verify, ChecksTheBackEndThatIsNamed) {
  const Outcome outcome = verify({"--json", "--backend", "reference", model()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(testing::json_lines(outcome.output).at(0)["backends"].size(), 1U);
}

TEST_F(Verify, NamesTheFirstLayerThatDiffers) {
  const std::string layer = made_up_model().operators[5].name;
  const Outcome outcome = verify({wrong_model()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("reference    differs from layer 5 (" + layer + ") on"));
  EXPECT_THAT(outcome.errors, HasSubstr("wrong.cmcu: "));
  EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1);
  const Outcome json = verify({"--json", wrong_model()});
  EXPECT_EQ(json.exit_code, 1);
  const nlohmann::json object = testing::json_lines(json.output).at(0);
  EXPECT_EQ(object["agrees"], false);
  EXPECT_EQ(object["backends"].back()["first_wrong_layer"], layer);
}

TEST_F(Verify, SeesAWrongDecision) {
  model::IntegerModel wrong = made_up_model();
  wrong.golden.decision = !wrong.golden.decision;
  const Outcome outcome = verify({write_model("wrong.cmcu", wrong)});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("reference    differs from decision on"));
}

TEST_F(Verify, RefusesAnUnknownBackEnd) {
  const Outcome outcome = verify({"--backend", "abacus", model()});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("--backend abacus: is not supported here; there is: "));
  EXPECT_THAT(outcome.errors, HasSubstr("reference"));
  EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1);
}

TEST_F(Verify, RefusesBrokenFiles) {
  expect_refusal(verify({file("absent.cmcu")}), "absent.cmcu: cannot be read");
  expect_refusal(verify({"samples/coffee.jpg"}), "is not a coco_mcu model");
  std::filesystem::resize_file(model(), 1000);
  expect_refusal(verify({model()}), "model.cmcu: is truncated");
}

}  // namespace
}  // namespace coco_mcu
