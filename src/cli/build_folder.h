// A temporary folder for firmware that is only simulated.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace coco_mcu::cli {

/// Where firmware is built, gone when the command ends.
class BuildFolder {
 public:
  BuildFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "coco_mcu_firmware_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error(name + ": cannot be made; is there room in TMPDIR?");
    }
    path_ = name;
  }
  ~BuildFolder() { std::filesystem::remove_all(path_); }
  BuildFolder(const BuildFolder&) = delete;
  BuildFolder& operator=(const BuildFolder&) = delete;

  std::filesystem::path firmware() const { return path_ / "firmware"; }

 private:
  std::filesystem::path path_;
};

}  // namespace coco_mcu::cli
