// Runs the real coco-mcu as a user does.
#pragma once

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

/// Each line of `output` as JSON; a line that is not fails the running test.
std::vector<nlohmann::json> json_lines(const std::string& output);

}  // namespace coco_mcu::testing
