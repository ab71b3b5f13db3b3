#include "lowering/ranges.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::lowering {

CodeGrid code_grid(const Range& range) {
  const bool is_finite = std::isfinite(range.minimum) && std::isfinite(range.maximum);
  if (!is_finite || range.minimum > range.maximum) {
    throw std::invalid_argument(
        fmt::format("range [{}, {}] is none; calibrate with pictures that the float network "
                    "computes finite values for",
                    range.minimum, range.maximum));
  }
  const double minimum = std::min(range.minimum, 0.0);
  const double maximum = std::max(range.maximum, 0.0);
  const double scale = (maximum - minimum) / 255.0;
  if (scale == 0.0) return {};
  const double zero_point = std::clamp(std::round(-minimum / scale), 0.0, 255.0);
  return {scale, static_cast<int>(zero_point)};
}

Range input_range(const core::Preprocessing& preprocessing) {
  Range range;
  for (int channel = 0; channel < 3; ++channel) {
    const double mean = preprocessing.mean[channel];
    const double deviation = preprocessing.deviation[channel];
    range.minimum = std::min(range.minimum, -mean / deviation);
    range.maximum = std::max(range.maximum, (1.0 - mean) / deviation);
  }
  return range;
}

}  // namespace coco_mcu::lowering
