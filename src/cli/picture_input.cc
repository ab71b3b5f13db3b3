#include "cli/picture_input.h"

#include <algorithm>

namespace coco_mcu::cli {

void write_picture(std::span<const std::uint8_t> rgb, const model::View& model,
                   const engine::Engine& engine) {
  std::uint8_t* out = engine.picture();
  if (model.layer(0).channels == 3) {
    std::ranges::copy(rgb, out);
    return;
  }
  for (; rgb.size() >= 3; rgb = rgb.subspan(3)) {
    *out++ = static_cast<std::uint8_t>((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8);
  }
}

}  // namespace coco_mcu::cli
