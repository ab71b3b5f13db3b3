#include "network/torch_archive_zip.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "core/crc32.h"

namespace coco_mcu::network {
namespace {

constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint32_t kDirectorySignature = 0x02014b50;
constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::size_t kLocalSize = 30;  // bytes before the name
constexpr std::size_t kDirectorySize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::uint32_t kZip64Marker = 0xffffffff;  // "the number stands in a zip64 record"
constexpr std::size_t kAlignment = 64;              // of every entry's data, bytes
constexpr std::uint16_t kFirstDay = 0x0021;         // 1980-01-01, the earliest date of the format

std::uint32_t crc32_of(std::span<const std::uint8_t> data) {
  return core::crc32(data.data(), data.size());
}

/// Little-endian numbers at any position; reading outside says that the file ends too early.
class Reader {
 public:
  Reader(std::span<const std::uint8_t> bytes, std::string_view file) : bytes_(bytes), file_(file) {}

  std::span<const std::uint8_t> slice(std::uint64_t position, std::uint64_t size) const {
    if (position > bytes_.size() || size > bytes_.size() - position) {
      fail("ends in the middle of an entry; copy it again");
    }
    return bytes_.subspan(position, size);
  }
  std::uint16_t u16(std::uint64_t position) const {
    const auto part = slice(position, 2);
    return static_cast<std::uint16_t>(part[0] | part[1] << 8);
  }
  std::uint32_t u32(std::uint64_t position) const {
    return u16(position) | static_cast<std::uint32_t>(u16(position + 2)) << 16;
  }
  std::string text(std::uint64_t position, std::uint64_t size) const {
    const auto part = slice(position, size);
    return {part.begin(), part.end()};
  }
  [[noreturn]] void fail(std::string_view reason) const {
    throw std::runtime_error(fmt::format("{}: {}", file_, reason));
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::string_view file_;
};

/// Position of the end record: it closes the file, but for a comment of at most 65535 bytes.
std::size_t find_end_record(const Reader& reader, std::size_t size) {
  constexpr std::size_t kLongestComment = 0xffff;
  if (size >= kEndSize) {
    const std::size_t last = size - kEndSize;
    const std::size_t first = last > kLongestComment ? last - kLongestComment : 0;
    for (std::size_t at = last + 1; at-- > first;) {
      if (reader.u32(at) == kEndSignature && reader.u16(at + 20) == last - at) return at;
    }
  }
  reader.fail("not a PyTorch file, or its end is missing; save it again with torch.save");
}

/// The entry that the central directory describes at `at`.
ZipEntry read_entry(const Reader& reader, std::uint64_t at) {
  if (reader.u32(at) != kDirectorySignature) reader.fail("its table of entries is damaged");
  const std::uint16_t flags = reader.u16(at + 8);
  const std::uint16_t method = reader.u16(at + 10);
  const std::uint32_t checksum = reader.u32(at + 16);
  const std::uint32_t stored_size = reader.u32(at + 20);
  const std::uint32_t size = reader.u32(at + 24);
  const std::uint32_t local = reader.u32(at + 42);
  ZipEntry entry{reader.text(at + kDirectorySize, reader.u16(at + 28)), {}};
  if ((flags & 1) != 0) reader.fail(fmt::format("entry {} is encrypted", entry.name));
  if (method != 0 || stored_size != size) {
    reader.fail(fmt::format("entry {} is compressed; save it with torch.save", entry.name));
  }
  if (size == kZip64Marker || local == kZip64Marker) {
    reader.fail("is a zip64 archive; files over 4 GiB are not read");
  }
  const std::uint16_t name_size = reader.u16(local + std::uint64_t{26});
  if (reader.u32(local) != kLocalSignature ||
      reader.text(local + kLocalSize, name_size) != entry.name) {
    reader.fail(fmt::format("the header of entry {} is damaged", entry.name));
  }
  const std::uint16_t extra_size = reader.u16(local + std::uint64_t{28});
  entry.data = reader.slice(local + kLocalSize + name_size + extra_size, size);
  if (crc32_of(entry.data) != checksum) {
    reader.fail(
        fmt::format("entry {} is damaged (wrong checksum); copy the file again", entry.name));
  }
  return entry;
}

void put16(std::vector<std::uint8_t>& bytes, std::size_t number) {
  bytes.push_back(static_cast<std::uint8_t>(number));
  bytes.push_back(static_cast<std::uint8_t>(number >> 8));
}

void put32(std::vector<std::uint8_t>& bytes, std::size_t number) {
  put16(bytes, number & 0xffff);
  put16(bytes, number >> 16);
}

/// What the local header and the central directory say alike, from "version needed" to the length
/// of the name.
void put_common_fields(std::vector<std::uint8_t>& bytes, std::uint32_t checksum, std::size_t size,
                       std::size_t name_size) {
  put16(bytes, 10);  // version needed: 1.0
  put16(bytes, 0);   // flags
  put16(bytes, 0);   // method: stored
  put16(bytes, 0);   // time
  put16(bytes, kFirstDay);
  put32(bytes, checksum);
  put32(bytes, size);  // as stored
  put32(bytes, size);
  put16(bytes, name_size);
}

}  // namespace

std::vector<ZipEntry> read_zip(std::span<const std::uint8_t> bytes, std::string_view file) {
  const Reader reader(bytes, file);
  const std::size_t end = find_end_record(reader, bytes.size());
  const std::uint16_t count = reader.u16(end + 10);
  const std::uint64_t directory = reader.u32(end + 16);
  const std::uint64_t directory_end = directory + reader.u32(end + 12);
  if (directory_end > end || count == 0xffff) {
    reader.fail("its table of entries is damaged or in zip64 form; save it again");
  }
  std::vector<ZipEntry> entries;
  std::unordered_set<std::string> names;
  std::uint64_t total = 0;
  std::uint64_t at = directory;
  for (int i = 0; i < count; ++i) {
    // Entries that share bytes would let a small file unfold into a large one.
    total += reader.u32(at + 24);
    if (total > bytes.size()) reader.fail("its entries overlap");
    entries.push_back(read_entry(reader, at));
    if (!names.insert(entries.back().name).second) {
      reader.fail(fmt::format("has two entries {}", entries.back().name));
    }
    at += kDirectorySize + reader.u16(at + 28) + reader.u16(at + 30) + reader.u16(at + 32);
  }
  if (at != directory_end) reader.fail("its table of entries is damaged");
  return entries;
}

void ZipWriter::add(std::string_view name, std::span<const std::uint8_t> data) {
  const std::size_t local = bytes_.size();
  const std::uint32_t checksum = crc32_of(data);
  const std::size_t unpadded = local + kLocalSize + name.size() + 4;
  const std::size_t padding = (kAlignment - unpadded % kAlignment) % kAlignment;
  put32(bytes_, kLocalSignature);
  put_common_fields(bytes_, checksum, data.size(), name.size());
  put16(bytes_, 4 + padding);  // extra field: PyTorch's own kind "FB", filled with Z
  bytes_.insert(bytes_.end(), name.begin(), name.end());
  bytes_.insert(bytes_.end(), {'F', 'B'});
  put16(bytes_, padding);
  bytes_.insert(bytes_.end(), padding, 'Z');
  bytes_.insert(bytes_.end(), data.begin(), data.end());

  put32(directory_, kDirectorySignature);
  put16(directory_, 10);  // made by: 1.0
  put_common_fields(directory_, checksum, data.size(), name.size());
  put16(directory_, 0);  // length of the extra field
  put16(directory_, 0);  // length of the comment
  put16(directory_, 0);  // disk
  put16(directory_, 0);  // internal attributes
  put32(directory_, 0);  // external attributes
  put32(directory_, local);
  directory_.insert(directory_.end(), name.begin(), name.end());
  ++entries_;
}

std::vector<std::uint8_t> ZipWriter::finish() {
  const std::size_t directory = bytes_.size();
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max() - kEndSize;
  if (directory + directory_.size() > kMost || entries_ > 0xfffe) {
    throw std::runtime_error("more than 4 GiB or 65534 tensors do not fit one PyTorch file");
  }
  bytes_.insert(bytes_.end(), directory_.begin(), directory_.end());
  put32(bytes_, kEndSignature);
  put16(bytes_, 0);  // disk
  put16(bytes_, 0);  // disk of the directory
  put16(bytes_, entries_);
  put16(bytes_, entries_);
  put32(bytes_, directory_.size());
  put32(bytes_, directory);
  put16(bytes_, 0);  // length of the comment
  directory_.clear();
  entries_ = 0;
  return std::exchange(bytes_, {});
}

}  // namespace coco_mcu::network
