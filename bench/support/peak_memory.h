// How much memory a measurement took.
#pragma once

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>

namespace coco_mcu {

/// The most memory this process ever held, in bytes (proc(5): VmHWM, in KiB).
inline std::uintmax_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uintmax_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  }
  throw std::runtime_error("/proc/self/status: has no VmHWM; this figure needs Linux");
}

}  // namespace coco_mcu
