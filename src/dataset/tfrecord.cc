#include "dataset/tfrecord.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace coco_mcu::dataset {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kHeaderBytes = kLengthBytes + kChecksumBytes;

constexpr const char* kRemedy = "copy or build the file again";

void put_little_endian(std::vector<std::uint8_t>& bytes, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

std::uint64_t little_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

std::string system_reason() {
  return std::generic_category().message(errno);
}

void read_fully(int descriptor, const std::filesystem::path& path, std::uint64_t offset,
                std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      throw std::runtime_error(
          fmt::format("{}: cannot be read at byte {} ({}); {}", path.string(), offset,
                      count < 0 ? system_reason() : "it has become shorter", kRemedy));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

}  // namespace

std::uint32_t masked_crc32c(std::span<const std::uint8_t> bytes) {
  return core::masked_crc32c(crc32c(bytes));
}

std::vector<std::uint8_t> frame_record(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> record;
  record.reserve(bytes.size() + kHeaderBytes + kChecksumBytes);
  put_little_endian(record, bytes.size(), kLengthBytes);
  put_little_endian(record, masked_crc32c(record), kChecksumBytes);
  record.insert(record.end(), bytes.begin(), bytes.end());
  put_little_endian(record, masked_crc32c(bytes), kChecksumBytes);
  return record;
}

std::vector<RecordPlace> find_records(const ReadAt& read_at, std::uint64_t size,
                                      std::string_view name) {
  std::vector<RecordPlace> records;
  for (std::uint64_t offset = 0; offset < size;) {
    const auto fail = [&](std::string_view reason) {
      throw std::runtime_error(fmt::format("{}, record {}: {} at byte {}; {}", name, records.size(),
                                           reason, offset, kRemedy));
    };
    if (size - offset < kHeaderBytes) fail("the file is cut off");
    std::array<std::uint8_t, kHeaderBytes> header{};
    read_at(offset, header);
    const auto length_bytes = std::span(header).first<kLengthBytes>();
    if (little_endian(std::span(header).subspan(kLengthBytes)) != masked_crc32c(length_bytes)) {
      fail(offset == 0 ? "is no TFRecord file: no length with its checksum"
                       : "damaged: the length does not fit its checksum");
    }
    const std::uint64_t length = little_endian(length_bytes);
    const std::uint64_t rest = size - offset - kHeaderBytes;
    if (rest < kChecksumBytes || length > rest - kChecksumBytes) fail("the file is cut off");
    std::array<std::uint8_t, kChecksumBytes> checksum{};
    offset += kHeaderBytes;
    read_at(offset + length, checksum);
    records.push_back({offset, length, static_cast<std::uint32_t>(little_endian(checksum))});
    offset += length + kChecksumBytes;
  }
  return records;
}

TfRecordFile::TfRecordFile(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor_ < 0 || fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    const std::string reason = descriptor_ < 0 ? system_reason() : "it is not a file";
    if (descriptor_ >= 0) close(descriptor_);
    throw std::runtime_error(fmt::format("{}: cannot be read ({}); check its name and permissions",
                                         path_.string(), reason));
  }
  try {
    records_ = find_records(
        [this](std::uint64_t offset, std::span<std::uint8_t> bytes) {
          read_fully(descriptor_, path_, offset, bytes);
        },
        static_cast<std::uint64_t>(status.st_size), path_.string());
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

TfRecordFile::~TfRecordFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

TfRecordFile::TfRecordFile(TfRecordFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      records_(std::move(other.records_)) {}

std::vector<std::uint8_t> TfRecordFile::read(std::size_t index) const {
  const RecordPlace& place = records_.at(index);
  std::vector<std::uint8_t> bytes(place.length);
  read_fully(descriptor_, path_, place.offset, bytes);
  if (masked_crc32c(bytes) != place.checksum) {
    throw std::runtime_error(
        fmt::format("{}, record {}: damaged: its {} bytes from byte {} on do "
                    "not fit their checksum; {}",
                    path_.string(), index, place.length, place.offset, kRemedy));
  }
  return bytes;
}

}  // namespace coco_mcu::dataset
