#include "dataset/augmentation_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "core/resize.h"

namespace coco_mcu::dataset {
namespace {

struct Point {
  double x = 0.0;
  double y = 0.0;
};

struct Turn {
  explicit Turn(double degrees)
      : cosine(std::cos(degrees * std::numbers::pi / 180)),
        sine(std::sin(degrees * std::numbers::pi / 180)) {}

  /// Anticlockwise where y grows downwards.
  Point forth(Point p) const { return {cosine * p.x + sine * p.y, cosine * p.y - sine * p.x}; }
  Point back(Point p) const { return {cosine * p.x - sine * p.y, cosine * p.y + sine * p.x}; }

  double cosine;
  double sine;
};

// As if the whole picture were resized, then cropped: the taps of the columns and rows that stay.
void render_upright(const Image& image, core::Resize resize, const View& view, Image& seen) {
  std::vector<core::Tap> all_columns(view.scaled_width);
  core::resize_columns(resize, image.width, all_columns);
  const auto columns = std::span(all_columns).subspan(view.left, view.width);
  if (view.mirrored) std::ranges::reverse(columns);
  const std::size_t source_row = std::size_t{3} * image.width;
  std::uint8_t* target = seen.rgb.data();
  for (int y = 0; y < view.height; ++y) {
    const core::Tap row = core::resize_tap(resize, view.top + y, image.height, view.scaled_height);
    core::resize_row(resize, 3, image.rgb.data() + source_row * row.lower,
                     image.rgb.data() + source_row * row.upper, row.weight, columns, target);
    target += std::size_t{3} * view.width;
  }
}

/// Bilinear at any place of the picture, in pixels from the middle of its first one.
class Sampler {
 public:
  Sampler(const Image& image, core::Resize resize)
      : image_(image), rounding_(resize == core::Resize::kLegacyBilinear ? 0.0F : 0.5F) {}

  void operator()(float x, float y, std::uint8_t* target) const {
    x = std::clamp(x, 0.0F, static_cast<float>(image_.width - 1));
    y = std::clamp(y, 0.0F, static_cast<float>(image_.height - 1));
    const int left = static_cast<int>(x);
    const int top = static_cast<int>(y);
    const std::uint8_t* upper = pixel(left, top);
    const std::ptrdiff_t right = left + 1 < image_.width ? 3 : 0;
    const std::ptrdiff_t below = top + 1 < image_.height ? std::ptrdiff_t{3} * image_.width : 0;
    const float across = x - static_cast<float>(left);
    const float down = y - static_cast<float>(top);
    for (int c = 0; c < 3; ++c) {
      const float high = mix(upper[c], upper[c + right], across);
      const float low = mix(upper[c + below], upper[c + below + right], across);
      target[c] =
          static_cast<std::uint8_t>(static_cast<int>(high + (low - high) * down + rounding_));
    }
  }

 private:
  const std::uint8_t* pixel(int x, int y) const {
    return image_.rgb.data() + (static_cast<std::size_t>(y) * image_.width + x) * 3;
  }
  static float mix(std::uint8_t from, std::uint8_t to, float part) {
    const float start = from;
    return start + (static_cast<float>(to) - start) * part;
  }

  const Image& image_;
  float rounding_;
};

void render_turned(const Image& image, core::Resize resize, const View& view, Image& seen) {
  const Sampler sample(image, resize);
  const Turn turn(view.degrees);
  // Source pixels per pixel of the view. core::Resize says which of them has its centre where.
  const Point step = {static_cast<double>(image.width) / view.scaled_width,
                      static_cast<double>(image.height) / view.scaled_height};
  const double half = resize == core::Resize::kLegacyBilinear ? 0.0 : 0.5;
  const Point middle = {(view.width - 1) / 2.0, (view.height - 1) / 2.0};
  const Point pivot = {(view.left + middle.x + half) * step.x - half,
                       (view.top + middle.y + half) * step.y - half};
  const double direction = view.mirrored ? -1.0 : 1.0;
  const Point along_row = turn.back({direction * step.x, 0.0});
  std::uint8_t* target = seen.rgb.data();
  for (int y = 0; y < view.height; ++y) {
    const Point start = turn.back({-direction * middle.x * step.x, (y - middle.y) * step.y});
    for (int x = 0; x < view.width; ++x, target += 3) {
      sample(static_cast<float>(pivot.x + start.x + along_row.x * x),
             static_cast<float>(pivot.y + start.y + along_row.y * x), target);
    }
  }
}

/// Where a point of the picture stands in the view. Both in pixels from the upper left corner.
Point in_view(Point point, int height, int width, const View& view) {
  const Point scale = {static_cast<double>(view.scaled_width) / width,
                       static_cast<double>(view.scaled_height) / height};
  const Point middle = {view.width / 2.0, view.height / 2.0};
  const Point offset = {point.x - (view.left + middle.x) / scale.x,
                        point.y - (view.top + middle.y) / scale.y};
  const Point turned = Turn(view.degrees).forth(offset);
  const double x = turned.x * scale.x;
  return {middle.x + (view.mirrored ? -x : x), middle.y + turned.y * scale.y};
}

/// In shares of the view, not cut.
Box bounds_in_view(const Box& box, int height, int width, const View& view) {
  Box bounds = {INFINITY, INFINITY, -INFINITY, -INFINITY};
  for (const float x : {box.xmin, box.xmax}) {
    for (const float y : {box.ymin, box.ymax}) {
      const Point corner = in_view({double{x} * width, double{y} * height}, height, width, view);
      const auto across = static_cast<float>(corner.x / view.width);
      const auto down = static_cast<float>(corner.y / view.height);
      bounds = {std::min(bounds.xmin, across), std::min(bounds.ymin, down),
                std::max(bounds.xmax, across), std::max(bounds.ymax, down)};
    }
  }
  return bounds;
}

Box cut(const Box& box) {
  return {std::clamp(box.xmin, 0.0F, 1.0F), std::clamp(box.ymin, 0.0F, 1.0F),
          std::clamp(box.xmax, 0.0F, 1.0F), std::clamp(box.ymax, 0.0F, 1.0F)};
}

double area(const Box& box) {
  return (double{box.xmax} - box.xmin) * (double{box.ymax} - box.ymin);
}

}  // namespace

View whole_view(const core::Preprocessing& preprocessing) {
  return {.scaled_height = preprocessing.height,
          .scaled_width = preprocessing.width,
          .height = preprocessing.height,
          .width = preprocessing.width};
}

Image render(const Image& image, core::Resize resize, const View& view) {
  Image seen{view.height, view.width, {}};
  seen.rgb.resize(std::size_t{3} * view.height * view.width);
  if (view.degrees == 0.0) {
    render_upright(image, resize, view, seen);
  } else {
    render_turned(image, resize, view, seen);
  }
  return seen;
}

Box box_in_view(const Box& box, int height, int width, const View& view) {
  return cut(bounds_in_view(box, height, width, view));
}

double visible_share(const ExampleObject& object, int height, int width, const View& view) {
  const Box bounds = bounds_in_view(object.box, height, width, view);
  const double whole = area(bounds);
  if (!(whole > 0.0)) return 0.0;
  const double magnification = static_cast<double>(view.scaled_height) * view.scaled_width /
                               (static_cast<double>(view.height) * view.width);
  return object.area * magnification * area(cut(bounds)) / whole;
}

}  // namespace coco_mcu::dataset
