// How the readers of this room refuse a file.
#pragma once

#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

namespace coco_mcu::exchange {

/// Throws the one line "FILE: reason", where the reason ends with the remedy.
[[noreturn]] inline void fail(std::string_view file, std::string_view reason) {
  throw std::runtime_error(fmt::format("{}: {}", file, reason));
}

}  // namespace coco_mcu::exchange
