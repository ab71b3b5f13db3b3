#include "network/checkpoint_files.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

namespace coco_mcu::network {
namespace {

namespace fs = std::filesystem;

std::string last_system_error() {
  return std::generic_category().message(errno);
}

void write_file(const fs::path& path, const std::vector<std::uint8_t>& bytes) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    throw std::runtime_error(fmt::format("{}: cannot be written ({}); free space or permission?",
                                         path.string(), last_system_error()));
  }
}

/// Replacing a folder deletes what it holds, so it may hold nothing but what is written again.
void check_replaceable(const fs::path& folder, const std::vector<NamedFile>& files) {
  if (!fs::exists(folder)) return;
  if (!fs::is_directory(folder)) {
    throw std::runtime_error(
        fmt::format("{}: is a file, not a folder; choose another name", folder.string()));
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (std::ranges::find(files, name, &NamedFile::name) == files.end()) {
      throw std::runtime_error(fmt::format(
          "{}: holds {}, which replacing the folder would delete; choose another folder",
          folder.string(), name));
    }
  }
}

/// Puts `complete` in the place of `folder`; the old folder steps aside first and comes back when
/// that fails.
void swap_in(const fs::path& complete, const fs::path& folder, const fs::path& aside) {
  fs::remove_all(aside);
  const bool replaces = fs::exists(folder);
  if (replaces) fs::rename(folder, aside);
  std::error_code failure;
  fs::rename(complete, folder, failure);
  if (failure) {
    if (replaces) fs::rename(aside, folder);
    throw fs::filesystem_error("rename", complete, folder, failure);
  }
  fs::remove_all(aside);
}

}  // namespace

std::vector<std::uint8_t> read_file(const fs::path& path) {
  if (fs::is_directory(path)) {
    throw std::runtime_error(fmt::format("{}: is a folder; name the file in it", path.string()));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    throw std::runtime_error(fmt::format("{}: cannot be opened ({}); check the path", path.string(),
                                         last_system_error()));
  }
  const auto size = std::max<std::streamoff>(file.tellg(), 0);  // -1 where there is none: a pipe
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) {
    throw std::runtime_error(
        fmt::format("{}: cannot be read ({}); try again", path.string(), last_system_error()));
  }
  return bytes;
}

void write_folder(const fs::path& folder, const std::vector<NamedFile>& files) {
  fs::path target = fs::absolute(folder).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "out/" is "out"
  const fs::path staging = target.string() + ".writing";
  try {
    check_replaceable(target, files);
    fs::remove_all(staging);
    fs::create_directories(staging);
    for (const NamedFile& file : files) write_file(staging / file.name, file.bytes);
    swap_in(staging, target, target.string() + ".replaced");
  } catch (const fs::filesystem_error& error) {
    std::error_code ignored;
    fs::remove_all(staging, ignored);
    throw std::runtime_error(fmt::format("{}: cannot be written ({}); choose another folder",
                                         folder.string(), error.code().message()));
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(staging, ignored);
    throw;
  }
}

}  // namespace coco_mcu::network
