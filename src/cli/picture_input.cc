#include "cli/picture_input.h"

namespace coco_mcu::cli {

const std::uint8_t* input_of(std::span<const std::uint8_t> rgb, const model::View& model,
                             std::vector<std::uint8_t>& working) {
  if (model.layer(0).channels == 3) return rgb.data();
  working.clear();
  for (; rgb.size() >= 3; rgb = rgb.subspan(3)) {
    working.push_back(
        static_cast<std::uint8_t>((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8));
  }
  return working.data();
}

std::vector<std::uint8_t> kept_input_of(std::span<const std::uint8_t> rgb,
                                        const model::View& model) {
  std::vector<std::uint8_t> working;
  const std::uint8_t* input = input_of(rgb, model, working);
  return {input, input + model::tensor_bytes(model.layer(0))};
}

}  // namespace coco_mcu::cli
