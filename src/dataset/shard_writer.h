// Shards that grow record by record.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

namespace coco_mcu::dataset {

/// "pictures-00003-of-00010.tfrecord"
std::string shard_name(std::size_t shard, std::size_t shards);

class ShardWriter {
 public:
  /// Goes on behind the first `size` bytes of the file and drops what follows them; 0 begins it.
  ShardWriter(std::filesystem::path file, std::uint64_t size);

  /// Frames the bytes and writes them at once. Returns how many bytes they take. Throws
  /// std::runtime_error where the disk is full.
  std::uint64_t append(std::span<const std::uint8_t> bytes);
  std::uint64_t size() const { return size_; }

 private:
  [[noreturn]] void fail() const;

  std::filesystem::path file_;
  std::uint64_t size_;
  std::ofstream stream_;
};

}  // namespace coco_mcu::dataset
