#include "report/heat_colour.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace coco_mcu::report {
namespace {

/// Evenly spaced from value 0 to value 1.
constexpr std::array<Colour, 6> kRamp = {
    {{24, 16, 64}, {84, 24, 120}, {160, 40, 112}, {222, 82, 72}, {250, 150, 48}, {252, 244, 164}}};

}  // namespace

Colour heat_colour(double value) {
  const double position = std::clamp(value, 0.0, 1.0) * (kRamp.size() - 1);
  const std::size_t first = std::min(static_cast<std::size_t>(position), kRamp.size() - 2);
  Colour colour{};
  for (std::size_t i = 0; i < colour.size(); ++i) {
    colour[i] = static_cast<std::uint8_t>(std::lround(
        std::lerp(kRamp[first][i], kRamp[first + 1][i], position - static_cast<double>(first))));
  }
  return colour;
}

}  // namespace coco_mcu::report
