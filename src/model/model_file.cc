#include "model/model_file.h"

#include <fstream>
#include <iterator>
#include <new>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "model/header.h"

namespace coco_mcu::model {
namespace {

static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= kAlignment);

/// A model for a microcontroller is never near this.
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{256} << 20;

}  // namespace

std::string refusal_text(const Refusal& refusal, std::span<const std::uint8_t> bytes,
                         const std::string& name) {
  if (refusal.layer < 0) return fmt::format("{}: {}", name, refusal.reason);
  return fmt::format("{}: layer {} ({}): {}", name, refusal.layer,
                     View(bytes.data()).layer_name(refusal.layer), refusal.reason);
}

ModelFile::ModelFile(std::vector<std::uint8_t> bytes, const std::string& name)
    : bytes_(std::move(bytes)) {
  const Refusal refusal = verify(bytes_.data(), bytes_.size());
  if (refusal) throw std::runtime_error(refusal_text(refusal, bytes_, name));
}

ModelFile read_model(const std::filesystem::path& path) {
  std::error_code failed;
  const std::uintmax_t size = std::filesystem::file_size(path, failed);
  if (failed) {
    throw std::runtime_error(fmt::format("{}: cannot be read ({}); give a .cmcu model file",
                                         path.string(), failed.message()));
  }
  if (size > kMaxFileBytes) {
    throw std::runtime_error(
        fmt::format("{}: is too large for a model; give a .cmcu model file", path.string()));
  }
  std::ifstream stream(path, std::ios::binary);
  std::vector<std::uint8_t> bytes(size);
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    throw std::runtime_error(fmt::format("{}: cannot be read to its end", path.string()));
  }
  return {std::move(bytes), path.string()};
}

}  // namespace coco_mcu::model
