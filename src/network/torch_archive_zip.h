// The zip container of a PyTorch file: stored entries only, each with its CRC-32.
// Layout: PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16
// (end record).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coco_mcu::network {

/// An entry of an archive in memory; `data` points into the archive's bytes.
struct ZipEntry {
  std::string name;
  std::span<const std::uint8_t> data;
};

/// All entries in the order of the central directory, their checksums verified. Refuses compressed
/// and encrypted entries, overlapping entries, equal names and archives over 4 GiB (zip64). Throws
/// std::runtime_error; `file` stands in front of the reason.
std::vector<ZipEntry> read_zip(std::span<const std::uint8_t> bytes, std::string_view file);

/// Writes an archive whose entries start at multiples of 64 bytes, as PyTorch writes them so that
/// tensors can be used in place. The same entries give the same bytes: no time is stored.
class ZipWriter {
 public:
  void add(std::string_view name, std::span<const std::uint8_t> data);
  /// The archive; the writer is empty afterwards. Throws std::runtime_error beyond 4 GiB or 65534
  /// entries.
  std::vector<std::uint8_t> finish();

 private:
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint8_t> directory_;
  std::size_t entries_ = 0;
};

}  // namespace coco_mcu::network
