#include "tests/support/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/temporary_folder.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX asks for it

namespace coco_mcu::testing {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Starts coco-mcu; stdout and stderr go to these files.
pid_t start(const std::vector<std::string>& arguments, const std::string& output,
            const std::string& errors) {
  std::vector<std::string> words = {COCO_MCU_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  constexpr int kWrite = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&files, 1, output.c_str(), kWrite, 0600);
  posix_spawn_file_actions_addopen(&files, 2, errors.c_str(), kWrite, 0600);
  pid_t process = 0;
  const int failure = posix_spawn(&process, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failure != 0) throw std::system_error(failure, std::generic_category(), argv[0]);
  return process;
}

}  // namespace

Outcome run_program(const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  const std::string output = folder.path() / "stdout";
  const std::string errors = folder.path() / "stderr";
  int status = 0;
  waitpid(start(arguments, output, errors), &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(output), content(errors)};
}

void run_and_kill(const std::vector<std::string>& arguments, std::chrono::milliseconds after) {
  const pid_t process = start(arguments, "/dev/null", "/dev/null");
  std::this_thread::sleep_for(after);
  kill(process, SIGKILL);
  waitpid(process, nullptr, 0);
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
