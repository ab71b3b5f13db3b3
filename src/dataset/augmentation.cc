#include "dataset/augmentation.h"

#include <algorithm>
#include <cmath>

#include "dataset/augmentation_colour.h"
#include "dataset/augmentation_degradation.h"
#include "dataset/augmentation_view.h"

namespace coco_mcu::dataset {
namespace {

constexpr int kCropsTried = 10;

/// Resize and random crop as in the training of AlexNet (Krizhevsky, Sutskever & Hinton 2012), with
/// the picture's roll.
class ViewDrawing {
 public:
  ViewDrawing(const Image& image, const Example& example, const core::Preprocessing& preprocessing,
              const Augmentation& options, Random& random)
      : image_(image), example_(example), options_(options), random_(random) {
    view_ = whole_view(preprocessing);
    view_.scaled_height = scaled(preprocessing.height);
    view_.scaled_width = scaled(preprocessing.width);
  }

  View draw() {
    view_.mirrored = options_.horizontal_flip && random_.chance(0.5);
    if (options_.rotation > 0.0) {
      view_.degrees = random_.uniform(-options_.rotation, options_.rotation);
    }
    draw_crop();
    if (options_.crop_rule != CropRule::kRedraw || !can_lose_label()) return view_;
    for (int tried = 1; tried < kCropsTried && shows_class() != *example_.label; ++tried) {
      draw_crop();
    }
    if (shows_class() != *example_.label) take_middle();
    return view_;
  }

  std::optional<bool> label() const {
    const bool may_change = options_.crop_rule == CropRule::kRelabel && can_lose_label();
    return may_change ? shows_class() : example_.label;
  }

 private:
  int scaled(int side) const {
    return std::max(side, static_cast<int>(std::lround(options_.crop_scale * side)));
  }

  void draw_crop() {
    view_.top = static_cast<int>(random_.below(rows_to_choose() + 1));
    view_.left = static_cast<int>(random_.below(columns_to_choose() + 1));
  }
  void take_middle() {
    view_.top = rows_to_choose() / 2;
    view_.left = columns_to_choose() / 2;
  }
  int rows_to_choose() const { return view_.scaled_height - view_.height; }
  int columns_to_choose() const { return view_.scaled_width - view_.width; }

  // A label without boxes cannot be checked, nor can the whole picture lose its own.
  bool can_lose_label() const {
    const bool is_cut = view_.degrees != 0.0 || rows_to_choose() > 0 || columns_to_choose() > 0;
    return is_cut && example_.label &&
           std::ranges::any_of(example_.objects, &ExampleObject::is_class);
  }

  bool shows_class() const {
    return std::ranges::any_of(example_.objects, [this](const ExampleObject& object) {
      return object.is_class &&
             visible_share(object, image_.height, image_.width, view_) > options_.min_visible;
    });
  }

  const Image& image_;
  const Example& example_;
  const Augmentation& options_;
  Random& random_;
  View view_;
};

void degrade_at_random(Image& image, const Augmentation& options, Random& random) {
  double scale = 1.0;
  if (options.down_scale < 1.0 && random.chance(options.down_scale_chance)) {
    scale = random.uniform(options.down_scale, 1.0);
  }
  std::optional<int> quality;
  if (options.jpeg_quality > 0 && random.chance(options.jpeg_chance)) {
    constexpr int kBestQuality = 95;
    const int worst = std::min(options.jpeg_quality, kBestQuality);
    quality = worst + static_cast<int>(random.below(kBestQuality - worst + 1));
  }
  if (scale < 1.0 || quality) degrade(image, scale, quality);
}

ColourChange draw_colours(const Augmentation& options, Random& random) {
  const auto around = [&random](double middle, double strength) {
    return strength > 0.0 ? random.uniform(middle - strength, middle + strength) : middle;
  };
  ColourChange change;
  change.brightness = around(change.brightness, options.brightness);
  change.contrast = around(change.contrast, options.contrast);
  change.saturation = around(change.saturation, options.saturation);
  change.hue = around(change.hue, options.hue);
  return change;
}

std::vector<Box> boxes_in_view(const Image& image, const Example& example, const View& view) {
  std::vector<Box> boxes;
  for (const ExampleObject& object : example.objects) {
    if (!object.is_class) continue;
    const Box box = box_in_view(object.box, image.height, image.width, view);
    if (box.xmin < box.xmax && box.ymin < box.ymax) boxes.push_back(box);
  }
  return boxes;
}

}  // namespace

// The picture is degraded before the light changes and the noise comes: those belong to the camera
// of the deployed network, the former to where the picture was found.
PreparedPicture prepare_picture(const Image& image, const Example& example,
                                const core::Preprocessing& preprocessing,
                                const Augmentation* augmentation, Random& random) {
  if (augmentation == nullptr) {
    return {prepare(image, preprocessing), example.label,
            boxes_in_view(image, example, whole_view(preprocessing))};
  }
  ViewDrawing drawing(image, example, preprocessing, *augmentation, random);
  const View view = drawing.draw();
  PreparedPicture prepared{render(image, preprocessing.resize, view), drawing.label(),
                           boxes_in_view(image, example, view)};
  degrade_at_random(prepared.image, *augmentation, random);
  change_colours(prepared.image, draw_colours(*augmentation, random));
  if (augmentation->noise > 0.0) {
    add_noise(prepared.image, random.uniform(0.0, augmentation->noise), random);
  }
  return prepared;
}

}  // namespace coco_mcu::dataset
