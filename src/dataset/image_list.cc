#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "dataset/image.h"

namespace coco_mcu::dataset {
namespace {

namespace fs = std::filesystem;

bool has_picture_ending(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

}  // namespace

std::vector<fs::path> list_pictures(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw std::runtime_error(fmt::format("{}: no such file or folder", path.string()));
  }
  if (!fs::is_directory(status)) return {path};

  std::vector<fs::path> pictures;
  fs::directory_iterator entry(path, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code unreadable;
    if (has_picture_ending(entry->path()) && entry->is_regular_file(unreadable)) {
      pictures.push_back(entry->path());
    }
  }
  if (error) {
    throw std::runtime_error(
        fmt::format("{}: the folder cannot be read: {}", path.string(), error.message()));
  }
  if (pictures.empty()) {
    throw std::runtime_error(
        fmt::format("{}: the folder holds no .jpg, .jpeg or .png file; subfolders are not searched",
                    path.string()));
  }
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

}  // namespace coco_mcu::dataset
