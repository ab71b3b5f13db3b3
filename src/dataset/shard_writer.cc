#include "dataset/shard_writer.h"

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "dataset/tfrecord.h"

namespace coco_mcu::dataset {

std::string shard_name(std::size_t shard, std::size_t shards) {
  return fmt::format("pictures-{:05}-of-{:05}.tfrecord", shard, shards);
}

ShardWriter::ShardWriter(std::filesystem::path file, std::uint64_t size)
    : file_(std::move(file)), size_(size) {
  errno = 0;
  if (size > 0) {
    std::error_code error;
    std::filesystem::resize_file(file_, size, error);
    if (error) errno = error.value();
    if (error) fail();
  }
  stream_.open(file_, std::ios::binary | (size > 0 ? std::ios::app : std::ios::trunc));
  if (!stream_) fail();
}

std::uint64_t ShardWriter::append(std::span<const std::uint8_t> bytes) {
  const std::vector<std::uint8_t> record = frame_record(bytes);
  errno = 0;
  // The bytes of a file are characters to a stream.
  stream_.write(reinterpret_cast<const char*>(record.data()),
                static_cast<std::streamsize>(record.size()));
  stream_.flush();
  if (!stream_) fail();
  size_ += record.size();
  return record.size();
}

void ShardWriter::fail() const {
  throw std::runtime_error(
      fmt::format("{}: cannot be written ({}); make room and run the same "
                  "command again",
                  file_.string(), std::generic_category().message(errno)));
}

}  // namespace coco_mcu::dataset
