#include "training/durable_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace coco_mcu::training {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path) {
  throw std::runtime_error(fmt::format("{}: cannot be written ({}); free space or permission?",
                                       path.string(), std::generic_category().message(errno)));
}

void write_all(int descriptor, std::span<const std::uint8_t> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

/// Closes what it holds.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : value_(::open(path.c_str(), flags, 0666)) {
    if (value_ < 0) fail(path);
  }
  ~Descriptor() { ::close(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int value() const { return value_; }

 private:
  int value_;
};

void sync_folder(const fs::path& folder) {
  const Descriptor descriptor(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (::fsync(descriptor.value()) != 0) fail(folder);
}

}  // namespace

AppendedFile::AppendedFile(fs::path path, std::int64_t size) : path_(std::move(path)), size_(size) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(path_);
  const off_t end = ::lseek(descriptor_, 0, SEEK_END);
  if (end >= size && ::ftruncate(descriptor_, size) == 0) return;
  const std::string reason = end < size ? fmt::format("holds {} bytes of {}", end, size)
                                        : std::generic_category().message(errno);
  ::close(descriptor_);
  throw std::runtime_error(fmt::format(
      "{}: cannot be continued ({}); was it changed? start a new run", path_.string(), reason));
}

AppendedFile::~AppendedFile() {
  ::close(descriptor_);
}

void AppendedFile::append(std::span<const std::uint8_t> bytes) {
  write_all(descriptor_, bytes, path_);
  size_ += static_cast<std::int64_t>(bytes.size());
}

void AppendedFile::append(std::string_view text) {
  append(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

void AppendedFile::sync() {
  if (::fsync(descriptor_) != 0) fail(path_);
}

void write_folder_durably(const fs::path& folder, const fs::path& staging,
                          const std::vector<network::NamedFile>& files) {
  try {
    fs::remove_all(staging);
    fs::create_directories(staging);
    for (const network::NamedFile& file : files) {
      const fs::path path = staging / file.name;
      const Descriptor descriptor(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
      write_all(descriptor.value(), file.bytes, path);
      if (::fsync(descriptor.value()) != 0) fail(path);
    }
    sync_folder(staging);
    fs::rename(staging, folder);
    sync_folder(fs::absolute(folder).parent_path());
  } catch (const fs::filesystem_error& error) {
    std::error_code ignored;
    fs::remove_all(staging, ignored);
    throw std::runtime_error(fmt::format("{}: cannot be written ({}); free space or permission?",
                                         folder.string(), error.code().message()));
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(staging, ignored);
    throw;
  }
}

}  // namespace coco_mcu::training
