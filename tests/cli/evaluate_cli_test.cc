#include <set>

#include "tests/cli/annotated_samples.h"
#include "tests/cli/picture_cli_test.h"
#include "tests/support/shared_material.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::annotations_of_samples;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::write_file;

class Evaluate : public testing::WithCheckpoint {
 protected:
  std::string annotate(const nlohmann::json& coco) const {
    const std::string text = coco.dump();
    write_file(file("instances.json"), {text.begin(), text.end()});
    return file("instances.json");
  }

  Outcome evaluate(const std::string& annotations, const std::string& images,
                   std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {
        "evaluate", "--checkpoint", checkpoint(), "--annotations", annotations, "--images", images};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run_program(arguments);
  }
};

TEST_F(Evaluate, PrintsAccuracyConfusionAndMistakes) {
  const Outcome outcome = evaluate(annotate(annotations_of_samples()), "samples");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr(" of 4 right: "), HasSubstr("95 % interval ["), HasSubstr("AUC "),
                    HasSubstr("said no person"), HasSubstr("Worst mistakes")));
  EXPECT_THAT(outcome.errors, HasSubstr("4"));
}

TEST_F(Evaluate, CountsInJson) {
  const Outcome outcome = evaluate(annotate(annotations_of_samples()), "samples", {"--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const auto objects = testing::json_lines(outcome.output);
  ASSERT_EQ(objects.size(), 1U);
  std::set<std::string> keys;
  for (const auto& [key, value] : objects[0].items()) keys.insert(key);
  EXPECT_THAT(keys, ::testing::IsSupersetOf({"n", "correct", "accuracy", "ci95", "auc", "tpr",
                                             "tnr", "images_per_second"}));
  EXPECT_EQ(objects[0]["n"], 4);
  EXPECT_EQ(objects[0]["ci95"].size(), 2U);
  EXPECT_DOUBLE_EQ(objects[0]["accuracy"].get<double>(), objects[0]["correct"].get<double>() / 4.0);
}

TEST_F(Evaluate, LooksForAnotherClassWhenAsked) {
  const Outcome outcome = evaluate(annotate(annotations_of_samples()), "samples",
                                   {"--json", "--class", "cat", "--threshold", "0"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(testing::json_lines(outcome.output).at(0)["correct"], 1);
}

TEST_F(Evaluate, TheRuleHasOptions) {
  const std::string annotations = annotate(annotations_of_samples());
  const auto correct = [&](const std::vector<std::string>& options) {
    std::vector<std::string> all = {"--json", "--threshold", "0"};
    all.insert(all.end(), options.begin(), options.end());
    return testing::json_lines(evaluate(annotations, "samples", all).output).at(0)["correct"];
  };
  // The boxes cover 48 % of the picture, the outlines 20 %.
  EXPECT_EQ(correct({"--min-area", "0.3"}), 2);
  EXPECT_EQ(correct({"--min-area", "0.3", "--area", "segmentation"}), 0);
  EXPECT_EQ(correct({"--min-area", "0.1", "--area", "segmentation"}), 2);
}

TEST_F(Evaluate, RefusesAnnotationsThatNameMissingPictures) {
  nlohmann::json coco = annotations_of_samples();
  coco["images"][2]["file_name"] = "dog.jpg";
  expect_refusal(evaluate(annotate(coco), "samples"), "dog.jpg");
}

TEST_F(Evaluate, RefusesAPictureThatCannotBeRead) {
  fs::create_directories(file("pictures"));
  for (const auto& sample : fs::directory_iterator("samples")) {
    fs::copy_file(sample.path(), file("pictures") / sample.path().filename());
  }
  write_file(file("pictures") / "camera.jpg", testing::Bytes(100, 'x'));
  const Outcome outcome = evaluate(annotate(annotations_of_samples()), file("pictures"));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.output, "");
  EXPECT_THAT(outcome.errors, HasSubstr("camera.jpg"));
}

TEST_F(Evaluate, RefusesMissingAnnotations) {
  expect_refusal(evaluate(file("absent.json"), "samples"), "absent.json");
}

TEST_F(Evaluate, RefusesTruncatedAnnotations) {
  const std::string text = annotations_of_samples().dump();
  write_file(file("half.json"), {text.begin(), text.begin() + static_cast<long>(text.size()) / 2});
  expect_refusal(evaluate(file("half.json"), "samples"), "half.json");
}

TEST_F(Evaluate, RefusesAForeignFileAsAnnotations) {
  expect_refusal(evaluate("samples/coffee.jpg", "samples"), "samples/coffee.jpg");
}

TEST_F(Evaluate, RefusesAnUnknownClass) {
  expect_refusal(evaluate(annotate(annotations_of_samples()), "samples", {"--class", "unicorn"}),
                 "unicorn");
}

TEST_F(Evaluate, RefusesAnnotationsWithoutPictures) {
  nlohmann::json coco = annotations_of_samples();
  coco["images"] = nlohmann::json::array();
  coco["annotations"] = nlohmann::json::array();
  expect_refusal(evaluate(annotate(coco), "samples"), "instances.json");
}

/// The imported checkpoint of 2019 on the photographs its figures were taken on.
class EvaluateReference : public ::testing::TestWithParam<std::pair<std::string, int>> {};

TEST_P(EvaluateReference, CountsWhatItsOwnGraphCounted) {
  const auto trained = testing::shared_material("reference/checkpoint/graph.ckpt.index");
  const auto data = testing::shared_material("data");
  if (!trained || !data) GTEST_SKIP() << "needs the reference material (COCO_MCU_SHARED)";
  const testing::TemporaryFolder folder;
  const std::string checkpoint = folder.path() / "checkpoint";
  ASSERT_EQ(testing::run_program({"import", "--tf-checkpoint", *trained, "--network", "coco_mcu",
                                  "--out", checkpoint})
                .exit_code,
            0);
  const auto [split, expected] = GetParam();
  const std::string annotations = *data / "annotations" / ("instances_" + split + ".json");
  const Outcome outcome =
      testing::run_program({"evaluate", "--json", "--checkpoint", checkpoint, "--annotations",
                            annotations, "--images", *data / split});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_NEAR(testing::json_lines(outcome.output).at(0)["correct"].get<int>(), expected, 2);
}

INSTANTIATE_TEST_SUITE_P(Splits, EvaluateReference,
                         ::testing::Values(std::pair("coco_val", 186), std::pair("val", 244)),
                         [](const auto& split) { return split.param.first; });

}  // namespace
}  // namespace coco_mcu
