// How a photograph becomes the input of a network: data that travels with every checkpoint and
// model, so that the same picture means the same numbers everywhere. Freestanding.
#pragma once

#include <cstdint>

namespace coco_mcu::core {

enum class Resize : std::uint8_t {
  /// TensorFlow 1's resize_bilinear: source = destination * in / out, no half-pixel centres, no
  /// antialiasing, float32 interpolation, the result truncated to an integer.
  kLegacyBilinear,
  /// Half-pixel centres: source = (destination + 0.5) * in / out - 0.5, clamped to the picture,
  /// no antialiasing, float32 interpolation, the result rounded to nearest.
  kBilinear,
};

/// RGB pictures are resized (never cropped) to height x width pixels of 8 bits; then channel c of
/// the network's input is (pixel - 255 * mean[c]) / (255 * deviation[c]).
struct Preprocessing {
  std::int32_t height = 0;  // pixels
  std::int32_t width = 0;   // pixels
  Resize resize = Resize::kBilinear;
  float mean[3] = {0.0F, 0.0F, 0.0F};       // R, G, B in units of full scale (0..1)
  float deviation[3] = {1.0F, 1.0F, 1.0F};  // R, G, B in units of full scale

  bool operator==(const Preprocessing&) const = default;
};

}  // namespace coco_mcu::core
