// Files that are whole or not there.
#pragma once

#include <filesystem>
#include <string_view>

namespace coco_mcu::report {

/// Writes FILE.part and renames it, so that FILE is always whole; one that is there already is
/// replaced. Throws std::runtime_error "FILE: why; what to do", and then leaves nothing behind.
void write_file(const std::filesystem::path& file, std::string_view bytes);

}  // namespace coco_mcu::report
