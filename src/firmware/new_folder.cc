#include "firmware/new_folder.h"

#include <fstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace coco_mcu::firmware {

namespace fs = std::filesystem;

NewFolder::NewFolder(fs::path path) : path_(std::move(path)) {
  if (fs::exists(path_) && !fs::is_empty(path_)) {
    throw std::runtime_error(fmt::format("{}: is not empty; name a new folder", path_.string()));
  }
}

void NewFolder::write(const fs::path& file, std::string_view text) const {
  const fs::path path = path_ / file;
  fs::create_directories(path.parent_path());
  std::ofstream stream(path, std::ios::binary);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
  stream.close();
  if (!stream) {
    throw std::runtime_error(fmt::format(
        "{}: cannot be written; is there room, and may you write there?", path.string()));
  }
}

void NewFolder::write_model(const model::ModelFile& model) const {
  write("model.cmcu", {reinterpret_cast<const char*>(model.bytes().data()), model.bytes().size()});
}

}  // namespace coco_mcu::firmware
