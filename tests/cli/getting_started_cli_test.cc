// The commands of docs/getting-started.md, run as they stand.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;

/// The commands of one kind of fenced block, "```sh KIND".
struct Command {
  std::string kind;  // "", "boards", "training"
  std::string line;
};

std::vector<Command> commands_of(const fs::path& page) {
  std::vector<Command> commands;
  std::ifstream stream(page);
  bool inside = false;
  std::string kind;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("```")) {
      inside = line.starts_with("```sh");
      const std::size_t space = line.find(' ');
      kind = space == std::string::npos ? "" : line.substr(space + 1);
    } else if (inside) {
      commands.push_back({kind, line});
    }
  }
  return commands;
}

/// A folder that looks like the repository to the commands, and nothing of theirs left behind.
class GettingStarted : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"models", "recipes", "samples"}) {
      fs::create_directory_symlink(fs::absolute(name), folder_.path() / name);
    }
  }

  /// What the command prints where it fails; empty where it succeeds.
  std::string complaint_of(const std::string& line) const {
    const fs::path log = folder_.path() / "log";
    const int status = std::system(
        fmt::format("cd '{}' && export PATH='{}':\"$PATH\" && ( {} ) > "
                    "'{}' 2>&1 < /dev/null",
                    folder_.path().string(), testing::program_folder().string(), line, log.string())
            .c_str());
    if (status == 0) return "";
    std::ifstream stream(log);
    return fmt::format("status {}: {}", status,
                       std::string(std::istreambuf_iterator<char>(stream), {}));
  }

  bool exists(const char* file) const { return fs::exists(folder_.path() / file); }

  testing::TemporaryFolder folder_;
};

bool can_run(const std::string& kind) {
  if (kind == "training") return COCO_MCU_TRAINS != 0;
  if (kind != "boards") return true;
  return testing::is_installed("arm-none-eabi-g++") && testing::is_installed("qemu-system-arm");
}

TEST_F(GettingStarted, EveryCommandWorks) {
  const std::vector<Command> commands = commands_of("docs/getting-started.md");
  EXPECT_GT(commands.size(), 15U);
  for (const Command& command : commands) {
    ASSERT_TRUE(command.kind.empty() || command.kind == "boards" || command.kind == "training");
    if (!can_run(command.kind)) continue;
    ASSERT_EQ(complaint_of(command.line), "") << command.line;
  }
  for (const char* file : {"try/plan.svg", "try/sheet.png", "try/person.html"}) {
    EXPECT_TRUE(exists(file)) << file;
  }
}

}  // namespace
}  // namespace coco_mcu
