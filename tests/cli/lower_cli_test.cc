#include "tests/cli/annotated_samples.h"
#include "tests/cli/picture_cli_test.h"

namespace coco_mcu {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;

class Lower : public testing::WithCheckpoint {
 protected:
  void SetUp() override {
    testing::WithCheckpoint::SetUp();
    const std::string text = testing::annotations_of_samples().dump();
    testing::write_file(file("instances.json"), {text.begin(), text.end()});
  }

  Outcome lower(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {
        "lower",    "--checkpoint", checkpoint(), "--calibrate", file("instances.json"),
        "--images", "samples",      "--out",      model()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run_program(arguments);
  }

  std::string model() const { return file("lowered.cmcu"); }
};

TEST_F(Lower, WritesAModelThatVerifies) {
  const Outcome outcome = lower({"--policy", "w4", "--pictures", "2"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("packed weights"), HasSubstr("RAM while it runs")));
  EXPECT_THAT(outcome.errors, HasSubstr("calibrate"));
  const Outcome verified = testing::run_program({"verify", model()});
  EXPECT_EQ(verified.exit_code, 0) << verified.errors;
}

TEST_F(Lower, RefusesAPolicyThatThereIsNot) {
  const Outcome outcome = lower({"--policy", "w3"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("policy w3: unknown; there is: w8"));
  EXPECT_FALSE(std::filesystem::exists(model()));
}

TEST_F(Lower, TakesAPolicyOrABudget) {
  const Outcome outcome = lower({"--policy", "w8", "--bytes", "100000"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("leave --policy out"));
}

TEST_F(Lower, NeedsPictures) {
  const Outcome outcome = lower({"--pictures", "0"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("give 1 or more"));
}

TEST_F(Lower, SaysWhatPicturesAreNeededForWhereThereAreNone) {
  const Outcome outcome =
      testing::run_program({"lower", "--checkpoint", checkpoint(), "--out", model()});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors,
              AllOf(HasSubstr("has no trained range"), HasSubstr("give --calibrate and --images")));
  EXPECT_FALSE(std::filesystem::exists(model()));
}

}  // namespace
}  // namespace coco_mcu
