// Any bytes are annotations whose file names stay inside their folder, or an error in words.
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "dataset/coco_annotations.h"

namespace {

void read(const std::string& bytes, coco_mcu::dataset::ObjectArea area) {
  std::istringstream file(bytes);
  try {
    for (const auto& picture :
         coco_mcu::dataset::read_labels(file, "fuzz", {.min_area = 0.005, .area = area})) {
      const std::filesystem::path name(picture.file_name);
      if (name.is_absolute() || picture.file_name.starts_with("../")) std::abort();
      if (picture.height < 1 || picture.width < 1) std::abort();
    }
  } catch (const std::runtime_error&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The bytes of a file are characters to a stream.
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read(bytes, coco_mcu::dataset::ObjectArea::kBox);
  read(bytes, coco_mcu::dataset::ObjectArea::kSegmentation);
  return 0;
}
