// The colours of heat maps.
#pragma once

#include "report/picture.h"

namespace coco_mcu::report {

/// The colour of a value between 0 and 1: dark violet over red and orange to pale yellow, lightness
/// growing evenly all the way, so that the order shows in grey and to the colour-blind too.
Colour heat_colour(double value);

}  // namespace coco_mcu::report
