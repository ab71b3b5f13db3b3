#include "exchange/sorted_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/crc32c.h"
#include "exchange/refusal.h"

namespace coco_mcu::exchange {
namespace {

constexpr std::size_t kFooterSize = 48;
constexpr std::size_t kTrailerSize = 5;  // type, checksum
constexpr std::size_t kLongestKey = 4096;

std::uint32_t little_endian_32(std::span<const std::uint8_t> bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 4; i-- > 0;) number = number << 8 | bytes[at + i];
  return number;
}

/// Numbers and stretches of bytes one after the other.
class Cursor {
 public:
  Cursor(std::span<const std::uint8_t> bytes, std::string_view file) : rest_(bytes), file_(file) {}

  bool done() const { return rest_.empty(); }

  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = take(1)[0];
      number |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return number;
    }
    fail(file_, "holds a damaged number; copy the file again");
  }

  std::span<const std::uint8_t> take(std::uint64_t count) {
    if (count > rest_.size()) fail(file_, "ends in the middle of an entry; copy the file again");
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

 private:
  std::span<const std::uint8_t> rest_;
  std::string_view file_;
};

/// Where a block lies in the file, without its trailer.
struct BlockHandle {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

BlockHandle read_handle(Cursor& cursor) {
  const std::uint64_t offset = cursor.varint();
  return {offset, cursor.varint()};
}

/// The contents of a block, once its bounds, checksum and compression are verified.
std::span<const std::uint8_t> block_at(std::span<const std::uint8_t> bytes, BlockHandle handle,
                                       std::string_view file) {
  if (handle.offset > bytes.size() || handle.size > bytes.size() - handle.offset ||
      bytes.size() - handle.offset - handle.size < kTrailerSize) {
    fail(file,
         fmt::format("a block at byte {} exceeds the file; copy the file again", handle.offset));
  }
  const auto with_type = bytes.subspan(handle.offset, handle.size + 1);
  const std::uint32_t stored = little_endian_32(bytes, handle.offset + handle.size + 1);
  if (core::masked_crc32c(core::crc32c(with_type)) != stored) {
    fail(file, fmt::format("the block at byte {} is damaged (wrong checksum); copy the file again",
                           handle.offset));
  }
  const std::uint8_t compression = with_type.back();
  if (compression != 0) {
    fail(file, fmt::format("the block at byte {} is compressed ({}); save the checkpoint with "
                           "tf.train.Saver, which does not compress its index",
                           handle.offset, compression == 1 ? "snappy" : "unknown method"));
  }
  return with_type.first(handle.size);
}

/// The entries of a block without its restart positions, which only serve searching.
std::span<const std::uint8_t> entries_part(std::span<const std::uint8_t> block,
                                           std::string_view file) {
  constexpr std::size_t kNumber = sizeof(std::uint32_t);
  if (block.size() >= kNumber) {
    const std::uint64_t restarts = little_endian_32(block, block.size() - kNumber);
    const std::uint64_t tail = (restarts + 1) * kNumber;
    if (tail <= block.size()) return block.first(block.size() - tail);
  }
  fail(file, "a block is too short for its restart positions; copy the file again");
}

/// Appends the entries of a block, whose keys must ascend from the last one appended.
void append_entries(std::span<const std::uint8_t> block, std::string_view file,
                    std::vector<TableEntry>& entries) {
  Cursor cursor(entries_part(block, file), file);
  std::string key;
  while (!cursor.done()) {
    const std::uint64_t shared = cursor.varint();
    const std::uint64_t unshared = cursor.varint();
    const std::uint64_t value_size = cursor.varint();
    if (shared > key.size()) fail(file, "a key continues what is not there; copy the file again");
    if (unshared > kLongestKey - shared) {
      fail(file, fmt::format("a key is longer than {} bytes", kLongestKey));
    }
    key.resize(shared);
    const auto rest = cursor.take(unshared);
    key.append(rest.begin(), rest.end());
    const auto value = cursor.take(value_size);
    if (!entries.empty() && entries.back().key >= key) {
      fail(file, "its keys are not in ascending order; save the checkpoint again");
    }
    entries.push_back({key, {value.begin(), value.end()}});
  }
}

/// The handle of the index block, from the footer.
BlockHandle index_handle(std::span<const std::uint8_t> bytes, std::string_view file) {
  constexpr const char* kForeign =
      "not the index of a TensorFlow checkpoint (no table footer), or cut short; give the prefix "
      "of files PREFIX.index and PREFIX.data-00000-of-0000N";
  if (bytes.size() < kFooterSize) fail(file, kForeign);
  const auto footer = bytes.last(kFooterSize);
  const std::uint64_t magic = std::uint64_t{little_endian_32(footer, kFooterSize - 4)} << 32 |
                              little_endian_32(footer, kFooterSize - 8);
  if (magic != kSortedTableMagic) fail(file, kForeign);
  Cursor cursor(footer.first(kFooterSize - sizeof(magic)), file);
  read_handle(cursor);  // of the meta index, which TensorFlow leaves empty
  return read_handle(cursor);
}

}  // namespace

std::vector<TableEntry> read_sorted_table(std::span<const std::uint8_t> bytes,
                                          std::string_view file) {
  std::vector<TableEntry> blocks;
  append_entries(block_at(bytes, index_handle(bytes, file), file), file, blocks);
  std::vector<TableEntry> entries;
  std::uint64_t end = 0;  // of the block before
  for (const auto& [last_key, value] : blocks) {
    const std::vector<std::uint8_t> handle_bytes(value.begin(), value.end());
    Cursor cursor(handle_bytes, file);
    const BlockHandle handle = read_handle(cursor);
    // A block listed many times would let a small file unfold into a large one.
    if (handle.offset < end) fail(file, "its blocks overlap; save the checkpoint again");
    append_entries(block_at(bytes, handle, file), file, entries);
    end = handle.offset + handle.size + kTrailerSize;
  }
  return entries;
}

}  // namespace coco_mcu::exchange
