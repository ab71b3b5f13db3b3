// Whole files in and out: a folder appears complete or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace coco_mcu::network {

/// The bytes of a file. Throws std::runtime_error naming the file and the reason.
std::vector<std::uint8_t> read_file(const std::filesystem::path& path);

struct NamedFile {
  std::string name;  // without folders
  std::vector<std::uint8_t> bytes;
};

/// Writes the files into FOLDER.writing beside `folder` and renames that, so that a folder of this
/// name is always complete. An existing folder is replaced when it holds nothing but files of the
/// same names; anything else in it is an error, since replacing would delete it. Throws
/// std::runtime_error; then an existing folder is still there and nothing else is left behind.
void write_folder(const std::filesystem::path& folder, const std::vector<NamedFile>& files);

}  // namespace coco_mcu::network
