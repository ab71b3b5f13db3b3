// The part of a picture that a network sees: resize, crop, mirror and turn as one mapping, for
// pixels and for boxes.
#pragma once

#include "core/preprocessing.h"
#include "dataset/example.h"
#include "dataset/image.h"

namespace coco_mcu::dataset {

struct View {
  // Of the whole picture, after resizing and before the crop. Pixels.
  int scaled_height = 0;
  int scaled_width = 0;
  // Of the crop, inside of it. Pixels.
  int top = 0;
  int left = 0;
  int height = 0;
  int width = 0;
  bool mirrored = false;
  /// Anticlockwise around the crop's middle, as a camera rolls: in the picture's own proportions,
  /// before it is stretched.
  double degrees = 0.0;
};

/// The whole picture, upright, at the network's input size.
View whole_view(const core::Preprocessing& preprocessing);

/// What is seen: view.height x view.width pixels in one bilinear pass, without antialiasing, since
/// the deployed network resizes without. Unturned views are what core::resize computes, cropped
/// and mirrored. Beyond the picture's edges its outermost pixels go on.
Image render(const Image& image, core::Resize resize, const View& view);

/// Where a box of the picture stands in the view, in shares of it, cut at its edges; empty (no
/// width or no height) where nothing of it is seen. A turned box is the upright one around it.
/// `height` and `width` are the picture's.
Box box_in_view(const Box& box, int height, int width, const View& view);

/// The share of the view that an object covers: its area, as far as its box is seen.
double visible_share(const ExampleObject& object, int height, int width, const View& view);

}  // namespace coco_mcu::dataset
