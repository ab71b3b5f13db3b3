// The bytes of a picture's file, not yet decoded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace coco_mcu::dataset {

/// Throws std::runtime_error for a file that cannot be read, or that is too large for a photograph.
std::vector<std::uint8_t> read_picture_file(const std::filesystem::path& path);

}  // namespace coco_mcu::dataset
