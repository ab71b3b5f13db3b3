// What another program says.
#pragma once

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace coco_mcu::testing {

/// The standard output of a shell command. Throws std::runtime_error where it fails.
inline std::string output_of(const std::string& command) {
  std::string output;
  std::array<char, 4096> part = {};
  // NOLINTNEXTLINE(cert-env33-c): command lines are made of this project's own file names
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  while (pipe != nullptr && std::fgets(part.data(), part.size(), pipe) != nullptr) {
    output += part.data();
  }
  if (pipe == nullptr || ::pclose(pipe) != 0) {
    throw std::runtime_error("this failed: " + command);
  }
  return output;
}

}  // namespace coco_mcu::testing
