#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::run_program;
using ::testing::StartsWith;

TEST(CommandLine, TellsItsVersion) {
  const auto outcome = run_program({"--version"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, StartsWith("coco-mcu 0."));
}

TEST(CommandLine, EveryCommandHasHelpWithAnExample) {
  for (const char* command : {"describe", "import", "detect", "evaluate", "run"}) {
    const auto outcome = run_program({command, "--help"});
    EXPECT_EQ(outcome.exit_code, 0) << command;
    EXPECT_THAT(outcome.output, HasSubstr(std::string("Example:\n  coco-mcu ") + command));
  }
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(run_program({}).exit_code, 2);
  EXPECT_EQ(run_program({"dance"}).exit_code, 2);
  const auto outcome = run_program({"describe", "coco_mcu", "--colour"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("--colour"));
}

TEST(Describe, PrintsThePublishedClaimsBesideWhatIsCounted) {
  const auto outcome = run_program({"describe", "coco_mcu"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  for (const char* figure : {"1,000,914", "998,514", "1,013,554", "56,800,000", "46,959,296",
                             "250,228", "249,328", "355,008", "255,776"}) {
    EXPECT_THAT(outcome.output, HasSubstr(figure));
  }
}

TEST(Describe, ListsEveryLayerWhenAsked) {
  const auto outcome = run_program({"describe", "coco_mcu", "--layers"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("bneck4.depthwise.conv"), HasSubstr("depthwise_conv 5x5 stride 2")));
}

TEST(Describe, CountsInJson) {
  const auto outcome = run_program({"describe", "coco_mcu", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const auto objects = testing::json_lines(outcome.output);
  ASSERT_EQ(objects.size(), 1U);
  const nlohmann::json& object = objects[0];
  EXPECT_EQ(object["network"], "coco_mcu");
  EXPECT_EQ(object["parameters"], 998514);
  EXPECT_EQ(object["parameters_with_batch_norm"], 1013554);
  EXPECT_EQ(object["macs"], 46959296);
  EXPECT_EQ(object["peak_bytes_whole_tensors"], 355008);
  EXPECT_EQ(object["peak_bytes_fused_expand"], 255776);
  std::int64_t parameters = 0;
  std::int64_t macs = 0;
  for (const nlohmann::json& layer : object["layers"]) {
    EXPECT_EQ(layer["output"].size(), 3U) << layer["name"];
    EXPECT_TRUE(layer["op"].is_string());
    parameters += layer["parameters"].get<std::int64_t>();
    macs += layer["macs"].get<std::int64_t>();
  }
  EXPECT_EQ(parameters, 998514);
  EXPECT_EQ(macs, 46959296);
}

TEST(Describe, DrawsTheNetwork) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() / "network.svg";
  const auto outcome = run_program({"describe", "coco_mcu", "--svg", file});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  std::ifstream stream(file);
  const std::string svg{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_THAT(svg, AllOf(StartsWith("<svg"), HasSubstr("masked_bneck_1"), HasSubstr("86x86x16")));
}

TEST(Describe, NamesTheNetworksItKnows) {
  const auto outcome = run_program({"describe", "resnet50"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.errors,
            "coco-mcu: network resnet50: not in the zoo; there is: coco_mcu, person, tiny\n");
}

TEST(Describe, SaysWhereItCannotDraw) {
  const auto outcome = run_program({"describe", "coco_mcu", "--svg", "/nowhere/network.svg"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("/nowhere/network.svg: cannot be written"));
}

}  // namespace
}  // namespace coco_mcu
