// The files that every emitted folder holds: the engine's sources as they were when this program
// was built.
#pragma once

#include <span>
#include <string_view>

namespace coco_mcu::firmware {

struct EmittedFile {
  std::string_view path;  // in the emitted folder: "src/engine/engine.cc"
  std::string_view text;
};

/// Made by the build from embed_sources.cmake.
std::span<const EmittedFile> emitted_files();

}  // namespace coco_mcu::firmware
