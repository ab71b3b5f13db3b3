// TFRecord files: records one after the other, each as length (uint64, little-endian), masked
// CRC-32C of the length, bytes, masked CRC-32C of the bytes. TensorBoard's event files are the
// same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "core/crc32c.h"

namespace coco_mcu::dataset {

using core::crc32c;
/// Rotated right by 15, plus 0xa282ead8.
std::uint32_t masked_crc32c(std::span<const std::uint8_t> bytes);

/// The bytes that a record takes in a file.
std::vector<std::uint8_t> frame_record(std::span<const std::uint8_t> bytes);

/// Where a record's bytes stand in its file.
struct RecordPlace {
  std::uint64_t offset = 0;  // of the bytes, behind length and its checksum
  std::uint64_t length = 0;
  std::uint32_t checksum = 0;  // masked CRC-32C of the bytes, as stored
};

/// Fills `bytes` with what stands at `offset`; within the size that comes with it.
using ReadAt = std::function<void(std::uint64_t offset, std::span<std::uint8_t> bytes)>;

/// Walks over the lengths of `size` bytes. Throws as TfRecordFile does; `name` stands in the
/// messages.
std::vector<RecordPlace> find_records(const ReadAt& read_at, std::uint64_t size,
                                      std::string_view name);

/// A shard that is open for reading; several threads may read at a time.
class TfRecordFile {
 public:
  /// Walks over the lengths, not over the bytes. Throws std::runtime_error naming the file, the
  /// offset, what is wrong with it and what to do: not readable, a length whose checksum does not
  /// fit, a record that is cut off.
  explicit TfRecordFile(std::filesystem::path path);
  ~TfRecordFile();
  TfRecordFile(TfRecordFile&& other) noexcept;
  TfRecordFile& operator=(TfRecordFile&&) = delete;
  TfRecordFile(const TfRecordFile&) = delete;
  TfRecordFile& operator=(const TfRecordFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  const std::vector<RecordPlace>& records() const { return records_; }
  /// A record's bytes. Throws std::runtime_error where they do not fit their checksum.
  std::vector<std::uint8_t> read(std::size_t index) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::vector<RecordPlace> records_;
};

}  // namespace coco_mcu::dataset
