// The values a tensor takes, and the 256 codes that stand for them.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/preprocessing.h"

namespace coco_mcu::lowering {

/// The smallest and the largest value that a tensor's codes must tell apart; what lies outside is
/// clamped.
struct Range {
  double minimum = 0.0;
  double maximum = 0.0;

  bool operator==(const Range&) const = default;
};

/// By the name of the float network's node whose output it is.
using Ranges = std::map<std::string, Range, std::less<>>;

/// What a code means: scale * (code - zero_point).
struct CodeGrid {
  double scale = 1.0;
  int zero_point = 0;

  double value(int code) const { return scale * (code - zero_point); }
  bool operator==(const CodeGrid&) const = default;
};

/// The grid of 256 codes over a range, widened where needed to hold 0, that has 0 as one of its
/// values: scale (maximum - minimum) / 255, zero point -minimum / scale rounded half away from
/// zero. It is the grid that a fake quantizer of 8 bits trains with. A range of nothing but 0 gets
/// scale 1. Throws std::invalid_argument for a range that is not finite or upside down.
CodeGrid code_grid(const Range& range);

/// The smallest range that holds every value that a pixel can take.
Range input_range(const core::Preprocessing& preprocessing);

}  // namespace coco_mcu::lowering
