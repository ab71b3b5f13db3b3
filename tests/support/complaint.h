// What an action complains of.
#pragma once

#include <stdexcept>
#include <string>

namespace coco_mcu::testing {

/// The message of the std::runtime_error that `action` ends with; empty where it ends well.
template <typename Action>
std::string complaint(Action action) {
  try {
    action();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

}  // namespace coco_mcu::testing
