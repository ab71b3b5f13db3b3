// Random changes of a training picture that leave what it shows as it is. Each is an option of a
// recipe, each a function of the random stream it is given.
#pragma once

#include <optional>
#include <vector>

#include "core/preprocessing.h"
#include "dataset/example.h"
#include "dataset/image.h"
#include "dataset/random.h"

namespace coco_mcu::dataset {

/// What becomes of a label when a crop cuts its objects away.
enum class CropRule {
  kKeepLabel,  // nothing: the training of 2019
  kRelabel,    // the label is what the rest of the picture shows
  kRedraw,     // other crops are tried until one keeps the label; the middle one after ten
};

/// Zero (one for factors) switches an option off. A strength is drawn evenly from its range.
struct Augmentation {
  double crop_scale = 1.0;  // resize to so much more than the input size, then crop at random: 1.25
  CropRule crop_rule = CropRule::kRedraw;
  double min_visible = 0.005;    // share of the crop that one object must cover to count
  bool horizontal_flip = false;  // every second picture
  double brightness = 0.0;       // added: up to this share of full scale, up or down
  double contrast = 0.0;         // factor 1 - c .. 1 + c around the picture's mean
  double saturation = 0.0;       // factor 1 - s .. 1 + s around each pixel's grey
  double hue = 0.0;              // turned by up to this share of the circle, both ways
  double rotation = 0.0;         // degrees, both ways; corners are filled from the edge
  double down_scale = 1.0;       // shrunk to between this share of its size and all, and up again
  double down_scale_chance = 0.0;
  int jpeg_quality = 0;  // encoded with a quality from this one to 95, and decoded
  double jpeg_chance = 0.0;
  double noise = 0.0;  // standard deviation up to this share of full scale, per channel
};

/// A picture of the network's input size.
struct PreparedPicture {
  Image image;
  std::optional<bool> label;
  std::vector<Box> boxes;  // of the class, in shares of the prepared picture; cut at its edges
};

/// Decodes nothing: `image` is the example's picture. Without an augmentation the whole picture is
/// resized as preprocessing says.
PreparedPicture prepare_picture(const Image& image, const Example& example,
                                const core::Preprocessing& preprocessing,
                                const Augmentation* augmentation, Random& random);

}  // namespace coco_mcu::dataset
