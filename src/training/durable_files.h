// Files that are still whole after the power has failed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "network/checkpoint_files.h"

namespace coco_mcu::training {

/// A file that only grows, line by line or record by record, and can be cut back.
class AppendedFile {
 public:
  /// Opens `path`, makes it where it is missing, and cuts it back to `size` bytes; a file that is
  /// shorter than that is an error. Throws std::runtime_error with the reason and the remedy.
  AppendedFile(std::filesystem::path path, std::int64_t size);
  ~AppendedFile();
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  void append(std::span<const std::uint8_t> bytes);
  void append(std::string_view text);
  /// What was appended has reached the disk when this returns.
  void sync();
  std::int64_t size() const { return size_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

/// Writes the files into `staging`, brings them to the disk and renames the folder to `folder`,
/// which must not exist: from then on it is there, complete, whatever happens. Throws
/// std::runtime_error; then nothing is left behind.
void write_folder_durably(const std::filesystem::path& folder, const std::filesystem::path& staging,
                          const std::vector<network::NamedFile>& files);

}  // namespace coco_mcu::training
