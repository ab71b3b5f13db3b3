#include <algorithm>
#include <cmath>

#include "engine/seal.h"
#include "planning/whole_tensor.h"
#include "tests/cli/annotated_samples.h"
#include "tests/cli/model_cli_test.h"

namespace coco_mcu {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;

/// A model that reads pictures as the made-up checkpoint does. Its input layer is that of the
/// checkpoint's network, its second layer has the name of one with other channels.
model::IntegerModel model_of_that_input() {
  const core::Preprocessing preprocessing = testing::made_up_checkpoint().preprocessing;
  model::IntegerModel model = testing::random_model(7, {.height = 256, .width = 256});
  model.preprocessing = preprocessing;
  model::Operator& input = model.operators[0];
  input.name = "input";
  input.scale = 4.0F / 255;  // -2..2
  input.zero_point = 128;
  for (std::size_t c = 0; c < 3; ++c) {
    for (int pixel = 0; pixel < 256; ++pixel) {
      const double value =
          (pixel / 255.0 - preprocessing.mean[c]) / preprocessing.deviation[c] / input.scale;
      model.input_tables[c][static_cast<std::size_t>(pixel)] =
          static_cast<std::uint8_t>(std::clamp(std::round(value) + 128, 0.0, 255.0));
    }
  }
  model.operators[1].name = "bneck4.expand";
  model.plan = planning::plan_whole_tensors(model);
  engine::seal(model);
  return model;
}

class Compare : public testing::WithModel {
 protected:
  void SetUp() override {
    network::write_checkpoint(testing::made_up_checkpoint(), checkpoint());
    write_model("model.cmcu", model_of_that_input());
    const std::string text = testing::annotations_of_samples().dump();
    testing::write_file(file("instances.json"), {text.begin(), text.end()});
  }

  std::string checkpoint() const { return file("checkpoint"); }

  Outcome compare(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {
        "compare",       "--checkpoint",         checkpoint(), "--model", model(),
        "--annotations", file("instances.json"), "--images",   "samples"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run_program(arguments);
  }

  nlohmann::json compared(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = compare(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return testing::json_lines(outcome.output).at(0);
  }

  /// What evaluate says of one of the two networks.
  nlohmann::json evaluated(const std::string& option, const std::string& network) const {
    const Outcome outcome =
        testing::run_program({"evaluate", "--json", option, network, "--annotations",
                              file("instances.json"), "--images", "samples"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return testing::json_lines(outcome.output).at(0);
  }
};

TEST_F(Compare, CountsWhatEvaluateCounts) {
  const nlohmann::json object = compared({"--pictures", "0"});
  EXPECT_EQ(object["n"], 4);
  EXPECT_EQ(object["checkpoint_right"], evaluated("--checkpoint", checkpoint())["correct"]);
  EXPECT_EQ(object["model_right"], evaluated("--model", model())["correct"]);
  EXPECT_EQ(object["checkpoint"]["auc"], evaluated("--checkpoint", checkpoint())["auc"]);
  EXPECT_TRUE(object["layers"].empty());
}

/// Different decisions are those that just one of the two networks gets right.
TEST_F(Compare, AgreementAndPairedTestBelongTogether) {
  const nlohmann::json object = compared({"--pictures", "0"});
  EXPECT_EQ(object["agree"].get<int>(),
            4 - object["only_checkpoint_right"].get<int>() - object["only_model_right"].get<int>());
  const double agreement = object["agreement"].get<double>();
  EXPECT_DOUBLE_EQ(agreement, object["agree"].get<double>() / 4);
  EXPECT_LE(object["agreement_ci95"][0].get<double>(), agreement);
  EXPECT_GE(object["agreement_ci95"][1].get<double>(), agreement);
  EXPECT_GT(object["p_value"].get<double>(), 0.0);
  EXPECT_LE(object["p_value"].get<double>(), 1.0);
}

/// The input is rounded to 256 codes over -2..2: noise of a twelfth of a squared step.
TEST_F(Compare, MeasuresTheNoiseOfALayer) {
  const nlohmann::json input = compared({"--pictures", "2"})["layers"].at(0);
  EXPECT_EQ(input["name"], "input");
  EXPECT_GT(input["sqnr_db"].get<double>(), 40.0);
  EXPECT_LT(input["sqnr_db"].get<double>(), 60.0);
}

TEST_F(Compare, SaysWhyALayerIsNotCompared) {
  const nlohmann::json layers = compared({"--pictures", "1"})["layers"];
  EXPECT_TRUE(layers.at(1)["sqnr_db"].is_null());
  EXPECT_EQ(layers.at(1)["reason"], "other channels");
  EXPECT_EQ(layers.at(2)["reason"], "not in the checkpoint");
}

/// Whatever lowering has removed: its provenance says so, and the same is removed from the
/// checkpoint.
TEST_F(Compare, ComparesEveryLayerOfALoweredModel) {
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{}, {"--no-removal"}, {"--prune-below", "0.02"}}) {
    std::vector<std::string> arguments = {
        "lower",    "--checkpoint", checkpoint(), "--calibrate", file("instances.json"),
        "--images", "samples",      "--policy",   "w8",          "--out",
        model()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Outcome lowered = testing::run_program(arguments);
    ASSERT_EQ(lowered.exit_code, 0) << lowered.errors;
    const nlohmann::json layers = compared({"--pictures", "2"})["layers"];
    EXPECT_GT(layers.size(), 40U);
    for (const auto& layer : layers) {
      EXPECT_TRUE(layer["sqnr_db"].is_number() || layer["reason"] == "exact" ||
                  layer["reason"] == "silent" || layer["reason"] == "other size")
          << layer;
    }
    EXPECT_GT(layers.at(1)["sqnr_db"].get<double>(), 25.0);
  }
}

TEST_F(Compare, PrintsTables) {
  const Outcome outcome = compare();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("Decisions agree on "), HasSubstr(" of 4 pictures"),
                    HasSubstr("McNemar p = "), HasSubstr("checkpoint  "), HasSubstr("accuracy"),
                    HasSubstr("noise of each layer, 4 pictures"), HasSubstr("####")));
}

TEST_F(Compare, RefusesAModelThatReadsPicturesDifferently) {
  write_model("model.cmcu", made_up_model());
  expect_refusal(compare(), "does not read pictures as");
}

TEST_F(Compare, RefusesBrokenFiles) {
  std::filesystem::resize_file(model(), 1000);
  expect_refusal(compare(), "model.cmcu: is truncated");
  write_model("model.cmcu", model_of_that_input());
  std::filesystem::remove(file("checkpoint") / "weights.pt");
  expect_refusal(compare(), "weights.pt");
}

}  // namespace
}  // namespace coco_mcu
