// report: an integer model on one page of HTML.
#include <fstream>
#include <iterator>
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
    const std::string text = testing::annotations_of_samples().dump();
    testing::write_file(file("instances.json"), {text.begin(), text.end()});
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

  std::string page() const {
    std::ifstream stream(file("page.html"));
    return {std::istreambuf_iterator<char>(stream), {}};
  }
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
  EXPECT_THAT(
      page(),
      AllOf(HasSubstr(fmt::format(
                "<td>4</td><td>{}</td><td>{:.1f} % [{:.1f} %, {:.1f} %]</td>",
                figures["correct"].get<int>(), 100 * figures["accuracy"].get<double>(),
                100 * figures["ci95"][0].get<double>(), 100 * figures["ci95"][1].get<double>())),
            HasSubstr(fmt::format("<td>{:.3f} [", figures["auc"].get<double>())),
            HasSubstr("<title>ROC curve</title>")));
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
  static const std::regex kThumbnail("<img alt=\"[^\"]+\" src=\"data:image/jpeg;base64,/9j/");
  EXPECT_EQ(std::distance(std::sregex_iterator(html.begin(), html.end(), kThumbnail), {}),
            4 - correct);
}

TEST_F(Report, WithoutPicturesSaysThatAccuracyWasNotMeasured) {
  const Outcome outcome = report({});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(page(), HasSubstr("Not measured: no annotated pictures"));
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
