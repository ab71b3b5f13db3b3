#include "cli/explain.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "dataset/image.h"
#include "report/overlay.h"

namespace coco_mcu::cli {
namespace {

/// A mask whose highest and lowest place differ by less than this share of the highest attends to
/// no place more than to another.
constexpr float kFlat = 0.01F;

/// Longer sides are shown at this many pixels.
constexpr int kShownSide = 640;

bool is_flat(const training::SpatialMap& map) {
  const auto [low, high] = std::ranges::minmax(map.values);
  return high - low < kFlat * std::abs(high);
}

report::HeatMap heat_map(const training::SpatialMap& map) {
  return {map.rows, map.columns, map.values};
}

report::Picture shown(const dataset::Image& image) {
  const int longer = std::max(image.height, image.width);
  if (longer <= kShownSide) return {image.height, image.width, image.rgb};
  const auto scaled = [&](int side) {
    return std::max(1, static_cast<int>(std::int64_t{side} * kShownSide / longer));
  };
  const core::Preprocessing size = {.height = scaled(image.height), .width = scaled(image.width)};
  dataset::Image small = dataset::prepare(image, size);
  return {small.height, small.width, std::move(small.rgb)};
}

/// The picture with a map over it; the scale runs from the lowest to the highest value.
report::Panel panel(const report::Picture& picture, const training::SpatialMap& map,
                    std::string caption) {
  const auto [low, high] = std::ranges::minmax(map.values);
  // A map that is the same everywhere still needs a scale.
  const report::HeatScale scale = {low, high > low ? high : low + 1.0};
  report::Panel result = {picture, std::move(caption), scale};
  draw_heat_map(result.picture, heat_map(map), scale);
  return result;
}

}  // namespace

void explain_picture(const training::FloatNetwork& network, const std::filesystem::path& picture,
                     const std::string& png) {
  const dataset::Image image = dataset::read_image(picture);
  const dataset::Image input = dataset::prepare(image, network.preprocessing());
  const training::Explanation explanation = network.explain(input.rgb);
  const report::Picture background = shown(image);
  std::vector<report::Panel> panels = {{background, picture.filename().string(), std::nullopt}};
  for (const training::SpatialMap& mask : explanation.masks) {
    if (is_flat(mask)) {
      fmt::print(stderr, "{}: this attention mask is the same at every place\n", mask.name);
    } else {
      panels.push_back(panel(background, mask, "mask of " + mask.name));
    }
  }
  if (panels.size() == 1) {
    panels.push_back(panel(background, explanation.evidence, "evidence for a person"));
    fmt::print(stderr, "{}: shows the class evidence of the last feature map\n", png);
  } else {
    fmt::print(stderr, "{}: shows {} attention masks\n", png, panels.size() - 1);
  }
  write_png(png, compose(panels));
}

}  // namespace coco_mcu::cli
