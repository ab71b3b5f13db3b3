// The model that travels inside of the program: what commands say where no network is named.
#include <filesystem>

#include "tests/cli/annotated_samples.h"
#include "tests/cli/model_cli_test.h"

namespace coco_mcu {
namespace {

using testing::Outcome;

constexpr const char* kModel = "models/person.cmcu";

class EmbeddedModel : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kModel)) GTEST_SKIP() << kModel << " is not there";
  }

  static std::string output(const std::vector<std::string>& arguments) {
    const Outcome outcome = testing::run_program(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return outcome.output;
  }
};

TEST_F(EmbeddedModel, DecidesAsItsFileDoes) {
  const std::string decisions = output({"detect", "samples"});
  EXPECT_EQ(std::ranges::count(decisions, '\n'), 5);
  EXPECT_EQ(decisions, output({"detect", "--model", kModel, "samples"}));
}

TEST_F(EmbeddedModel, GivesTheRawOutputOfItsFile) {
  EXPECT_EQ(output({"run", "--json", "samples/camera.jpg"}),
            output({"run", "--model", kModel, "--json", "samples/camera.jpg"}));
}

TEST_F(EmbeddedModel, IsInspected) {
  EXPECT_EQ(output({"inspect", "--json"}), output({"inspect", "--json", kModel}));
}

TEST_F(EmbeddedModel, AgreesWithItsGoldenVector) {
  const nlohmann::json object = testing::json_lines(output({"verify", "--json"})).at(0);
  EXPECT_EQ(object["file"], "models/person.cmcu (built in)");
  EXPECT_EQ(object["agrees"], true);
}

TEST_F(EmbeddedModel, IsEvaluated) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path annotations = folder.path() / "instances.json";
  const std::string text = testing::annotations_of_samples().dump();
  testing::write_file(annotations, {text.begin(), text.end()});
  const auto metrics = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"--json", "--annotations", annotations, "--images", "samples"});
    nlohmann::json object = testing::json_lines(output(arguments)).at(0);
    object.erase("images_per_second");
    return object;
  };
  EXPECT_EQ(metrics({"evaluate"}), metrics({"evaluate", "--model", kModel}));
}

}  // namespace
}  // namespace coco_mcu
