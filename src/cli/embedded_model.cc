#include "cli/embedded_model.h"

#include <vector>

#include "cli/command_line.h"

namespace coco_mcu::cli {

std::string embedded_model_name() {
  return "models/person.cmcu (built in)";
}

model::ModelFile open_model(const std::string& path) {
  if (!path.empty()) return model::read_model(path);
  const std::span<const std::uint8_t> bytes = embedded_model();
  if (bytes.empty()) {
    throw UsageError(
        "no network is named, and this program was built without models/person.cmcu; give a "
        ".cmcu file");
  }
  return {std::vector<std::uint8_t>(bytes.begin(), bytes.end()), embedded_model_name()};
}

}  // namespace coco_mcu::cli
