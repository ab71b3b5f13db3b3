// Stands in for embedded_bytes.cc where there is no models/person.cmcu.
#include "cli/embedded_model.h"

namespace coco_mcu::cli {

std::span<const std::uint8_t> embedded_model() {
  return {};
}

}  // namespace coco_mcu::cli
