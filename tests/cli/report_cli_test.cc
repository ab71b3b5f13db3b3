// report: an integer model on one page of HTML.
#include <regex>

#include <fmt/format.h>

#include "tests/cli/annotated_samples.h"
#include "tests/cli/model_cli_test.h"

namespace coco_mcu {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;

class Report : public testing::WithModel {
 protected:
  void SetUp() override {
    WithModel::SetUp();
    write_text("instances.json", testing::annotations_of_samples().dump());
  }

  Outcome report(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"report", model(), "--out", file("page.html")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run_program(arguments);
  }

  Outcome report_on_samples(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--annotations", file("instances.json"), "--images", "samples"});
    return report(more);
  }

  std::string page() const { return text_of("page.html"); }
};

/// The first tag that does not close what was opened last; empty where all do.
std::string first_unmatched(const std::string& html) {
  static const std::regex kTag(R"re(<(/?)([a-zA-Z0-9]+)(?:\s[^<>]*?)?(/?)>)re");
  std::vector<std::string> open;
  for (std::sregex_iterator tag(html.begin(), html.end(), kTag), end; tag != end; ++tag) {
    if ((*tag)[3].length() > 0) continue;
    if ((*tag)[1].length() == 0) {
      open.push_back((*tag)[2]);
    } else if (open.empty() || open.back() != (*tag)[2]) {
      return tag->str();
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

TEST_F(Report, SaysWhatEvaluateCounts) {
  const Outcome counted =
      testing::run_program({"evaluate", "--json", "--model", model(), "--annotations",
                            file("instances.json"), "--images", "samples"});
  ASSERT_EQ(counted.exit_code, 0) << counted.errors;
  const nlohmann::json figures = testing::json_lines(counted.output).at(0);
  const Outcome outcome = report_on_samples();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const std::string number = R"(<td class="number">)";
  EXPECT_THAT(page(),
              AllOf(HasSubstr(number + "4</td>" + number +
                              fmt::format("{}</td>", figures["correct"].get<int>()) + number +
                              fmt::format("{:.1f} % [{:.1f} %, {:.1f} %]</td>",
                                          100 * figures["accuracy"].get<double>(),
                                          100 * figures["ci95"][0].get<double>(),
                                          100 * figures["ci95"][1].get<double>())),
                    HasSubstr(number + fmt::format("{:.3f} [", figures["auc"].get<double>())),
                    HasSubstr("<title>ROC curve</title>"), HasSubstr("Confusion of this model")));
}

TEST_F(Report, IsWellFormedAndRefersToNothingOutside) {
  const Outcome outcome = report_on_samples({"--against", model()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const std::string html = page();
  EXPECT_EQ(first_unmatched(html), "");
  EXPECT_THAT(html, AllOf(HasSubstr("McNemar"), Not(HasSubstr("<script")), Not(HasSubstr("<link")),
                          Not(HasSubstr("url(")), Not(HasSubstr("@import"))));
  static const std::regex kReference(R"re((?:src|href)="(?!data:)[^"]*")re");
  EXPECT_FALSE(std::regex_search(html, kReference));
}

TEST_F(Report, ShowsEveryMistakeWithItsPicture) {
  const Outcome outcome = report_on_samples();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const Outcome counted =
      testing::run_program({"evaluate", "--json", "--model", model(), "--annotations",
                            file("instances.json"), "--images", "samples"});
  const int correct = testing::json_lines(counted.output).at(0)["correct"].get<int>();
  const std::string html = page();
  static const std::regex kThumbnail(R"re(<img alt="[^"]+" src="data:image/jpeg;base64,/9j/)re");
  EXPECT_EQ(std::distance(std::sregex_iterator(html.begin(), html.end(), kThumbnail), {}),
            4 - correct);
}

TEST_F(Report, WithoutPicturesSaysThatAccuracyWasNotMeasured) {
  const Outcome outcome = report({});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(page(), HasSubstr("Not measured: no annotated pictures"));
}

TEST_F(Report, SaysNothingOfWhereThePicturesLie) {
  const Outcome outcome = report_on_samples();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(page(), AllOf(HasSubstr("Accuracy: instances"), Not(HasSubstr(file("").string()))));
}

TEST_F(Report, WithoutBoardsNamesThose) {
  const Outcome outcome = report({});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(page(), HasSubstr("Not counted: no boards were named (--boards). There is: mps2"));
}

TEST_F(Report, ABoardThatCannotBeSimulatedIsALineOfThePage) {
  testing::RunningProgram program(
      {"report", model(), "--out", file("page.html"), "--boards", "mps2-an386"}, {"PATH=/nowhere"});
  const Outcome outcome = program.wait();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(page(), AllOf(HasSubstr("<p>mps2-an386: not counted: "),
                            HasSubstr("Other people&#39;s detectors")));
}

TEST_F(Report, CountsEachLayersInstructionsOnABoard) {
  for (const char* tool : {"arm-none-eabi-g++", "qemu-system-arm"}) {
    if (!testing::is_installed(tool)) GTEST_SKIP() << "needs " << tool << " (make test-packages)";
  }
  const Outcome outcome = report({"--boards", "mps2-an386"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const std::string html = page();
  EXPECT_THAT(html,
              AllOf(HasSubstr("instructions per MAC on mps2-an386</dt>"),
                    HasSubstr("<td>mps2-an386</td><td>Cortex-M4"), Not(HasSubstr("not counted"))));
  for (const model::Operator& layer : made_up_model().operators) {
    static const std::string kCount = "</span></span><span>.*</span></span><span>[1-9]";
    EXPECT_TRUE(std::regex_search(html, std::regex("<span>" + layer.name + " <span.*" + kCount)))
        << layer.name;
  }
}

TEST_F(Report, RefusesAnUnknownBoardAndWritesNothing) {
  const Outcome outcome = report({"--boards", "toaster"});
  testing::expect_refusal(outcome, "board toaster: is not known");
  EXPECT_FALSE(std::filesystem::exists(file("page.html")));
}

TEST_F(Report, WantsAFolderForEachFile) {
  const Outcome outcome = report({"--annotations", file("instances.json")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("one folder for each file"));
}

}  // namespace
}  // namespace coco_mcu
