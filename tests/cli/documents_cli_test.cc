// What the documents point at is there: files that they link to, sources that they name, options of
// the commands that they show.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/program.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<fs::path> documents() {
  std::vector<fs::path> files;
  for (const char* folder : {".", "docs", "models", "samples"}) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".md") files.push_back(entry.path());
    }
  }
  return files;
}

/// What the pattern's first group matches in each document that `exists(document, match)` denies,
/// as "document: match".
template <typename Exists>
std::vector<std::string> missing(const std::regex& pattern, const Exists& exists) {
  std::vector<std::string> found;
  for (const fs::path& document : documents()) {
    const std::string text = content(document);
    for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end;
         ++match) {
      if (!exists(document, (*match)[1])) {
        found.push_back(document.string() + ": " + (*match)[1].str());
      }
    }
  }
  return found;
}

/// What `coco-mcu WORDS --help` prints, asked once.
const std::string& help_of(const std::vector<std::string>& words) {
  static std::map<std::vector<std::string>, std::string> asked;
  const auto [place, is_new] = asked.try_emplace(words);
  if (is_new) {
    std::vector<std::string> arguments = words;
    arguments.emplace_back("--help");
    place->second = testing::run_program(arguments).output;
  }
  return place->second;
}

/// The first option of a command line, such as "plan model.cmcu --ram 96K", that its help does not
/// list; the command where there is none of that name; else empty.
std::string unknown_part(const std::string& line) {
  static const std::regex kWord(R"([^\s`\\]+)");
  std::vector<std::string> words(std::sregex_token_iterator(line.begin(), line.end(), kWord), {});
  std::vector<std::string> command = {words.front()};
  if (words.front() == "dataset" && words.size() > 1) command.push_back(words[1]);
  const std::string& help = help_of(command);
  if (help.empty()) return command.back();
  for (const std::string& word : words) {
    if (word.starts_with("--") && help.find("  " + word + " ") == std::string::npos &&
        help.find("," + word + " ") == std::string::npos) {
      return word;
    }
  }
  return "";
}

TEST(Documents, AreFound) {
  EXPECT_THAT(documents(), SizeIs(::testing::Gt(15U)));
}

TEST(Documents, LinksLeadToFiles) {
  static const std::regex kLink(R"(\]\((?!https?:|#)([^)#\s]+)[^)]*\))");
  const auto exists = [](const fs::path& document, const std::string& target) {
    return fs::exists(document.parent_path() / target);
  };
  EXPECT_THAT(missing(kLink, exists), IsEmpty());
}

/// `room/file.cc` is below src/, where it does not begin with another folder's name.
TEST(Documents, NamedSourcesExist) {
  static const std::regex kSource(R"(`([a-z][a-z0-9_]*/[A-Za-z0-9_./-]+\.(?:h|cc|cu|c|fbs|proto)))"
                                  R"(`)");
  const auto exists = [](const fs::path& /*document*/, const std::string& target) {
    return fs::exists(target) || fs::exists("src/" + target);
  };
  EXPECT_THAT(missing(kSource, exists), IsEmpty());
}

/// Commands in lines of their own, which may go on behind a backslash, and between backquotes.
TEST(Documents, ShownCommandsHaveTheirOptions) {
  static const std::regex kCommand(R"((?:\n(?:    )?|`)coco-mcu ([a-z](?:[^\n`\\#;|]|\\\n)*))");
  const auto exists = [](const fs::path& /*document*/, const std::string& line) {
    return unknown_part(line).empty();
  };
  EXPECT_THAT(missing(kCommand, exists), IsEmpty());
}

}  // namespace
}  // namespace coco_mcu
