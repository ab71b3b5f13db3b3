#include <fstream>
#include <iterator>

#include "tests/cli/model_cli_test.h"

namespace coco_mcu {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;

class PlanCommand : public testing::WithModel {
 protected:
  Outcome plan(std::vector<std::string> more) const {
    more.insert(more.begin(), {"plan", model()});
    return testing::run_program(more);
  }

  nlohmann::json planned(std::vector<std::string> more) const {
    more.emplace_back("--json");
    const Outcome outcome = plan(more);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return testing::json_lines(outcome.output).at(0);
  }

  /// Peak and MACs of the curve's point with the least memory.
  nlohmann::json smallest() const { return planned({"--pareto"})["pareto"].back(); }
};

TEST_F(PlanCommand, PrintsEveryPassWithItsBuffersAndThePeak) {
  const Outcome outcome = plan({});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("pass 1"), HasSubstr("convolution1"),
                                    HasSubstr("peak RAM"), HasSubstr("scratch included"),
                                    HasSubstr("lower bound"), HasSubstr("0.0 % of them again")));
}

TEST_F(PlanCommand, StatesPeakBoundWorkAndPasses) {
  const nlohmann::json object = planned({});
  EXPECT_EQ(object["streams_input"], true);
  EXPECT_GE(object["peak_ram_bytes"], object["lower_bound_bytes"]);
  EXPECT_GT(object["macs"], 0);
  EXPECT_EQ(object["recomputed_macs"], 0);
  ASSERT_FALSE(object["passes"].empty());
  EXPECT_EQ(object["passes"][0][0]["layer"], "input0");
  EXPECT_LT(object["passes"][0][0]["rows"], object["passes"][0][0]["height"]);
}

TEST_F(PlanCommand, AHeldPictureIsPartOfTheArena) {
  const nlohmann::json object = planned({"--hold-input"});
  EXPECT_EQ(object["streams_input"], false);
  EXPECT_EQ(object["passes"][0][0]["rows"], 24);
  EXPECT_GE(object["peak_ram_bytes"], 24 * 24 * 3);
}

TEST_F(PlanCommand, WritesAModelThatVerifiesAndNeedsWhatWasPrinted) {
  const nlohmann::json least = smallest();
  ASSERT_GT(least["recomputed_macs"], 0);
  const std::string ram = std::to_string(least["peak_ram_bytes"].get<int>());
  EXPECT_EQ(planned({"--ram", ram, "--out", file("small.cmcu")})["macs"], least["macs"]);
  const Outcome verified = testing::run_program({"verify", file("small.cmcu")});
  EXPECT_EQ(verified.exit_code, 0) << verified.errors;
  const Outcome inspected = testing::run_program({"inspect", "--json", file("small.cmcu")});
  EXPECT_EQ(testing::json_lines(inspected.output).at(0)["peak_ram_bytes"], least["peak_ram_bytes"]);
}

TEST_F(PlanCommand, RefusesAnImpossibleBudgetNamingTheSmallestAndItsPrice) {
  const nlohmann::json least = smallest();
  const int bytes = least["peak_ram_bytes"].get<int>();
  const Outcome outcome = plan(
      {"--ram", std::to_string(bytes - 1), "--out", file("small.cmcu"), "--svg", file("a.svg")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.output, "");
  const auto grouped = [](int number) {
    return std::to_string(number / 1000) + "," + std::to_string(1000 + number % 1000).substr(1);
  };
  EXPECT_THAT(outcome.errors,
              AllOf(HasSubstr(model() + ": no plan within " + grouped(bytes - 1) + " bytes"),
                    HasSubstr("the smallest takes " + grouped(bytes) + " bytes at "),
                    HasSubstr(" MACs, "), HasSubstr("of them again; give it that much")));
  EXPECT_FALSE(std::filesystem::exists(file("small.cmcu")));
  EXPECT_FALSE(std::filesystem::exists(file("a.svg")));
}

TEST_F(PlanCommand, DrawsThePlanAndTheCurve) {
  ASSERT_EQ(plan({"--svg", file("plan.svg")}).exit_code, 0);
  EXPECT_THAT(text_of("plan.svg"), AllOf(HasSubstr("<svg"), HasSubstr("<title>convolution1: ")));
  ASSERT_EQ(plan({"--pareto", "--svg", file("curve.svg")}).exit_code, 0);
  EXPECT_THAT(text_of("curve.svg"), AllOf(HasSubstr("<svg"), HasSubstr("picture row by row")));
}

TEST_F(PlanCommand, PrintsTheSameTwice) {
  EXPECT_EQ(planned({"--pareto"}), planned({"--pareto"}));
}

TEST_F(PlanCommand, RefusesASizeThatIsNone) {
  for (const char* const ram : {"96Q", "many", "0"}) {
    const Outcome outcome = plan({"--ram", ram});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.errors, HasSubstr("is no size"));
  }
}

TEST_F(PlanCommand, RefusesToStreamAndHoldAtOnce) {
  const Outcome outcome = plan({"--stream-input", "--hold-input"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("exclude each other"));
}

}  // namespace
}  // namespace coco_mcu
