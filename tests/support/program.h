// Runs the real coco-mcu as a user does.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace coco_mcu::testing {

struct Outcome {
  int exit_code = -1;  // -1 where a signal ended the program
  std::string output;  // stdout
  std::string errors;  // stderr
};

/// Runs coco-mcu with these arguments, no standard input, and waits for its end.
Outcome run_program(const std::vector<std::string>& arguments);

/// Starts coco-mcu with these arguments and ends it with SIGKILL after a while, if it still runs.
void run_and_kill(const std::vector<std::string>& arguments, std::chrono::milliseconds after);

/// Each line of `output` as JSON; a line that is not fails the running test.
std::vector<nlohmann::json> json_lines(const std::string& output);

}  // namespace coco_mcu::testing
