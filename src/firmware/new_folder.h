// A folder that is filled with files.
#pragma once

#include <filesystem>
#include <string_view>

#include "model/model_file.h"

namespace coco_mcu::firmware {

class NewFolder {
 public:
  /// Throws std::runtime_error where there is something in it.
  explicit NewFolder(std::filesystem::path path);

  /// Throws std::runtime_error where that cannot be done.
  void write(const std::filesystem::path& file, std::string_view text) const;
  /// As model.cmcu.
  void write_model(const model::ModelFile& model) const;

 private:
  std::filesystem::path path_;
};

}  // namespace coco_mcu::firmware
