// A picture that is smooth in both directions and different in every channel.
#pragma once

#include <cstdint>
#include <vector>

namespace coco_mcu::testing {

/// Red grows to the right, green downwards, blue falls to the right.
inline std::vector<std::uint8_t> gradient(int height, int width) {
  std::vector<std::uint8_t> samples;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      samples.push_back(static_cast<std::uint8_t>(x * 255 / width));
      samples.push_back(static_cast<std::uint8_t>(y * 255 / height));
      samples.push_back(static_cast<std::uint8_t>(255 - x * 255 / width));
    }
  }
  return samples;
}

}  // namespace coco_mcu::testing
