#include "report/file.h"

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

namespace coco_mcu::report {

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  const std::filesystem::path part = file.string() + ".part";
  std::error_code ignored;
  errno = 0;
  std::ofstream stream(part, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream) {
    const std::string reason = std::generic_category().message(errno);
    std::filesystem::remove(part, ignored);
    throw std::runtime_error(fmt::format(
        "{}: cannot be written ({}); check that its folder exists, may be written to and has room",
        file.string(), reason));
  }
  std::error_code error;
  std::filesystem::rename(part, file, error);
  if (error) {
    std::filesystem::remove(part, ignored);
    throw std::runtime_error(
        fmt::format("{}: cannot be put in its place ({}); choose another name or remove what "
                    "stands there",
                    file.string(), error.message()));
  }
}

}  // namespace coco_mcu::report
