// Runs the real coco-mcu as a user does.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/temporary_folder.h"

namespace coco_mcu::testing {

struct Outcome {
  int exit_code = -1;  // -1 where a signal ended the program
  std::string output;  // stdout
  std::string errors;  // stderr
};

/// coco-mcu with these arguments and no standard input, running. `environment` holds
/// "NAME=VALUE" to add or replace.
class RunningProgram {
 public:
  explicit RunningProgram(const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment = {});
  /// Kills the program where nobody has waited for its end.
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  void send(int signal) const;
  /// Waits for the program's end.
  Outcome wait();

 private:
  TemporaryFolder folder_;
  pid_t process_ = 0;
};

/// Runs coco-mcu with these arguments, no standard input, and waits for its end.
Outcome run_program(const std::vector<std::string>& arguments);

/// Starts coco-mcu with these arguments and ends it with SIGKILL after a while, if it still runs.
void run_and_kill(const std::vector<std::string>& arguments, std::chrono::milliseconds after);

/// The folder that coco-mcu lies in.
std::filesystem::path program_folder();

/// Whether a program of that name stands in a folder of PATH.
bool is_installed(const std::string& tool);

/// Each line of `output` as JSON; a line that is not fails the running test.
std::vector<nlohmann::json> json_lines(const std::string& output);

}  // namespace coco_mcu::testing
