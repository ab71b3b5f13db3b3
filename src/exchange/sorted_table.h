// LevelDB's sorted table, the container of a TensorFlow checkpoint's index: blocks of ascending
// keys, each key stored as what differs from the one before it.
//
//   data blocks, a meta index block (ignored), an index block, a footer of 48 bytes
//   block:   entries { shared, unshared, value size: varints; unshared key bytes; value },
//            restart positions: uint32 each, their count: uint32
//   trailer: behind each block its compression (0 none, 1 snappy) and a masked CRC-32C of both
//   index:   the entries' values are the offset and size of a data block, as varints
//   footer:  the same for meta index and index, zeros, the magic number
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coco_mcu::exchange {

constexpr std::uint64_t kSortedTableMagic = 0xdb4775248b80fb57;

struct TableEntry {
  std::string key;
  std::string value;
};

/// All entries of a table in ascending order of their keys; every checksum is verified. Throws
/// std::runtime_error for damage, for compressed blocks and for keys over 4096 bytes; `file` stands
/// in front of the reason.
std::vector<TableEntry> read_sorted_table(std::span<const std::uint8_t> bytes,
                                          std::string_view file);

}  // namespace coco_mcu::exchange
