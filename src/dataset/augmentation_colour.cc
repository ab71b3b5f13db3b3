#include "dataset/augmentation_colour.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace coco_mcu::dataset {
namespace {

using Colour = std::array<double, 3>;  // red, green, blue

/// ITU-R BT.601: how light a colour is to the eye.
constexpr Colour kLuma = {0.299, 0.587, 0.114};
/// The weights of PAL's and NTSC's two colour-difference signals. With them the hues lie around a
/// circle, and a turn in their plane is one in YIQ's.
constexpr double kBlueDifference = 0.492;
constexpr double kRedDifference = 0.877;

/// Turns and stretches what a colour has beside its lightness.
Colour change_chroma(const Colour& colour, double saturation, double hue) {
  const double luma = kLuma[0] * colour[0] + kLuma[1] * colour[1] + kLuma[2] * colour[2];
  const double u = kBlueDifference * (colour[2] - luma);
  const double v = kRedDifference * (colour[0] - luma);
  const double angle = 2.0 * std::numbers::pi * hue;
  const double cosine = saturation * std::cos(angle);
  const double sine = saturation * std::sin(angle);
  const double red = luma + (sine * u + cosine * v) / kRedDifference;
  const double blue = luma + (cosine * u - sine * v) / kBlueDifference;
  return {red, (luma - kLuma[0] * red - kLuma[2] * blue) / kLuma[1], blue};
}

Colour mean_colour(const Image& image) {
  std::array<std::uint64_t, 3> sums{};
  for (std::size_t i = 0; i + 2 < image.rgb.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) sums[c] += image.rgb[i + c];
  }
  const double pixels = std::max(1.0, static_cast<double>(image.rgb.size()) / 3);
  return {static_cast<double>(sums[0]) / pixels, static_cast<double>(sums[1]) / pixels,
          static_cast<double>(sums[2]) / pixels};
}

/// out[c] = sum over i of factor[i][c] * in[i] + offset[c], in 0..255.
struct ColourMatrix {
  std::array<std::array<float, 3>, 3> factor{};
  std::array<float, 3> offset{};
};

// Contrast and brightness, then chroma, which is linear and leaves greys: T(c p + (1 - c) m + b) =
// c T p + (1 - c) T m + b.
ColourMatrix matrix(const ColourChange& change, const Colour& mean) {
  ColourMatrix result;
  for (std::size_t in = 0; in < 3; ++in) {
    Colour unit{};
    unit[in] = 1.0;
    const Colour column = change_chroma(unit, change.saturation, change.hue);
    for (std::size_t out = 0; out < 3; ++out) {
      result.factor[in][out] = static_cast<float>(change.contrast * column[out]);
    }
  }
  const Colour centre = change_chroma(mean, change.saturation, change.hue);
  for (std::size_t out = 0; out < 3; ++out) {
    result.offset[out] =
        static_cast<float>((1.0 - change.contrast) * centre[out] + 255.0 * change.brightness);
  }
  return result;
}

}  // namespace

void change_colours(Image& image, const ColourChange& change) {
  if (change == ColourChange{}) return;
  const ColourMatrix by = matrix(change, mean_colour(image));
  for (std::size_t i = 0; i + 2 < image.rgb.size(); i += 3) {
    std::uint8_t* const pixel = image.rgb.data() + i;
    const float red = pixel[0];
    const float green = pixel[1];
    const float blue = pixel[2];
    for (std::size_t c = 0; c < 3; ++c) {
      const float value =
          by.factor[0][c] * red + by.factor[1][c] * green + by.factor[2][c] * blue + by.offset[c];
      pixel[c] = static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
    }
  }
}

}  // namespace coco_mcu::dataset
