// card: an integer model's figures as Markdown.
#include "tests/cli/annotated_samples.h"
#include "tests/cli/model_cli_test.h"

namespace coco_mcu {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;

class Card : public testing::WithModel {
 protected:
  void SetUp() override {
    WithModel::SetUp();
    write_text("instances.json", testing::annotations_of_samples().dump());
  }

  Outcome card(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {
        "card",     model(),   "--annotations", file("instances.json"),
        "--images", "samples", "--out",         file("made-up.md")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run_program(arguments);
  }

  std::string written() const { return text_of("made-up.md"); }
};

TEST_F(Card, SaysWhatEvaluateCounts) {
  const Outcome counted =
      testing::run_program({"evaluate", "--json", "--model", model(), "--annotations",
                            file("instances.json"), "--images", "samples"});
  ASSERT_EQ(counted.exit_code, 0) << counted.errors;
  const int correct = testing::json_lines(counted.output).at(0)["correct"].get<int>();
  const Outcome outcome = card({});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(written(), AllOf(HasSubstr("# made-up\n"),
                               HasSubstr("| this model | 4 | " + std::to_string(correct) + " | "),
                               Not(HasSubstr("McNemar"))));
}

TEST_F(Card, SaysTheFilesBytes) {
  ASSERT_EQ(card({}).exit_code, 0);
  const Outcome inspected = testing::run_program({"inspect", model()});
  const std::size_t at = inspected.output.find(" bytes");
  const std::string bytes = inspected.output.substr(inspected.output.rfind(' ', at - 1) + 1,
                                                    at - inspected.output.rfind(' ', at - 1) - 1);
  EXPECT_THAT(written(), HasSubstr("| file | " + bytes + " bytes |"));
}

TEST_F(Card, ComparesAModelWithItself) {
  const Outcome outcome = card({"--against", model()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(written(), AllOf(HasSubstr("McNemar's exact test"), HasSubstr(" | 0 | 0 | "),
                               HasSubstr(" | 1 |\n")));
}

TEST_F(Card, EndsWithTheNotes) {
  write_text("notes.md", "## Limits\n\nNone known.");
  const Outcome outcome = card({"--notes", file("notes.md")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(written(), ::testing::EndsWith("\n## Limits\n\nNone known.\n"));
}

TEST_F(Card, RefusesMissingNotesAndWritesNothing) {
  const Outcome outcome = card({"--notes", file("absent.md")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("absent.md: cannot be read"));
  EXPECT_FALSE(std::filesystem::exists(file("made-up.md")));
}

TEST_F(Card, WantsAFolderForEachFile) {
  const Outcome outcome = card({"--annotations", file("instances.json")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("one folder for each file"));
}

}  // namespace
}  // namespace coco_mcu
