// What pictures lose on their way: pixels, to compression, to the sensor's noise.
#pragma once

#include <optional>

#include "dataset/image.h"
#include "dataset/random.h"

namespace coco_mcu::dataset {

/// Averages the pixels that each new one covers, as programs that make thumbnails do. Throws
/// std::invalid_argument unless 1 <= height <= image.height, and so for the width.
Image shrink(const Image& image, int height, int width);

/// A picture as the web hands it on: shrunk to `scale` (0..1] of its size, compressed as a JPEG of
/// `quality` unless that is absent, and enlarged again.
void degrade(Image& image, double scale, std::optional<int> quality);

/// Adds normal noise of standard deviation `deviation`, in shares of full scale, to each channel of
/// each pixel.
void add_noise(Image& image, double deviation, Random& random);

}  // namespace coco_mcu::dataset
