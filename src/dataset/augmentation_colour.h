// Another light on a picture.
#pragma once

#include "dataset/image.h"

namespace coco_mcu::dataset {

/// Nothing changes as long as all are as they are here.
struct ColourChange {
  double brightness = 0.0;  // added, in shares of full scale
  double contrast = 1.0;    // factor around the mean of each channel over the picture
  double saturation = 1.0;  // factor around each pixel's grey
  double hue = 0.0;         // turned by this share of the colour circle, lightness staying

  bool operator==(const ColourChange&) const = default;
};

/// All of it in one pass, rounded to nearest; what leaves 0..255 is cut once, at the end.
void change_colours(Image& image, const ColourChange& change);

}  // namespace coco_mcu::dataset
