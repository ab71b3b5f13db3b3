#include "tests/support/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <system_error>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX asks for it

namespace coco_mcu::testing {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment) {
  const std::string output = folder_.path() / "stdout";
  const std::string errors = folder_.path() / "stderr";
  std::vector<std::string> words = {COCO_MCU_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> added = environment;
  std::vector<char*> variables;
  for (std::string& variable : added) variables.push_back(variable.data());
  const auto is_replaced = [&added](std::string_view variable) {
    const std::string_view name = variable.substr(0, variable.find('=') + 1);
    return std::ranges::any_of(added, [&](const auto& other) { return other.starts_with(name); });
  };
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!is_replaced(*variable)) variables.push_back(*variable);
  }
  variables.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  constexpr int kWrite = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&files, 1, output.c_str(), kWrite, 0600);
  posix_spawn_file_actions_addopen(&files, 2, errors.c_str(), kWrite, 0600);
  const int failure =
      posix_spawn(&process_, argv[0], &files, nullptr, argv.data(), variables.data());
  posix_spawn_file_actions_destroy(&files);
  if (failure != 0) throw std::system_error(failure, std::generic_category(), argv[0]);
}

RunningProgram::~RunningProgram() {
  if (process_ == 0) return;
  send(SIGKILL);
  waitpid(process_, nullptr, 0);
}

void RunningProgram::send(int signal) const {
  ::kill(process_, signal);
}

Outcome RunningProgram::wait() {
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = 0;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(folder_.path() / "stdout"),
          content(folder_.path() / "stderr")};
}

Outcome run_program(const std::vector<std::string>& arguments) {
  return RunningProgram(arguments).wait();
}

void run_and_kill(const std::vector<std::string>& arguments, std::chrono::milliseconds after) {
  const RunningProgram program(arguments);
  std::this_thread::sleep_for(after);
}

std::filesystem::path program_folder() {
  return std::filesystem::path(COCO_MCU_PROGRAM).parent_path();
}

bool is_installed(const std::string& tool) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (std::filesystem::exists(std::filesystem::path(folder) / tool)) return true;
  }
  return false;
}

std::vector<nlohmann::json> json_lines(const std::string& output) {
  std::vector<nlohmann::json> objects;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    nlohmann::json object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    EXPECT_TRUE(object.is_object()) << "not one JSON object: " << line;
    objects.push_back(std::move(object));
  }
  return objects;
}

}  // namespace coco_mcu::testing
