// Where tests find the photographs and reference data that are too large, or not free, to be part
// of the project.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

namespace coco_mcu::testing {

/// The file or folder `relative` inside the shared material: the folder that the environment
/// variable COCO_MCU_SHARED names or else ../shared beside the repository, where tests run.
/// Nothing where it is absent; a test then says so in one line and skips:
///
///   const auto annotations = testing::shared_material("data/annotations/instances_val.json");
///   if (!annotations) GTEST_SKIP() << "needs the shared photographs (COCO_MCU_SHARED)";
inline std::optional<std::filesystem::path> shared_material(const std::filesystem::path& relative) {
  const char* const folder = std::getenv("COCO_MCU_SHARED");
  const std::filesystem::path root =
      folder != nullptr ? std::filesystem::path(folder) : std::filesystem::path("../shared");
  std::error_code unreadable;
  if (!std::filesystem::exists(root / relative, unreadable)) return std::nullopt;
  return root / relative;
}

}  // namespace coco_mcu::testing
