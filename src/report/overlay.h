// What a network looks at, laid over the photograph: heat maps of coarse grids, a scale of their
// colours, and panels side by side with captions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/heat_colour.h"
#include "report/picture.h"

namespace coco_mcu::report {

/// A coarse grid of values over a whole picture, such as an attention mask.
struct HeatMap {
  int rows = 0;
  int columns = 0;
  std::vector<float> values;  // row after row
};

/// The values that stand for the first and the last colour; values beyond them take those too.
struct HeatScale {
  double low = 0.0;
  double high = 1.0;
};

/// Lays the map over the picture. Each value stands at the centre of its cell; between centres it
/// is interpolated bilinearly, beyond the outer ones it stays. The higher the value, the less of
/// the picture is seen: nothing of the colour at `low`, `opacity` (0..1) of it at `high`. Throws
/// std::invalid_argument for a map whose size does not fit its values, for values that are not
/// finite, and unless low < high.
void draw_heat_map(Picture& picture, const HeatMap& map, HeatScale scale, double opacity = 0.8);

struct Panel {
  Picture picture;
  std::string caption;             // wrapped to the picture's width; may be empty
  std::optional<HeatScale> scale;  // draws a legend of the colours below the caption
};

/// The panels side by side, each with its caption and its legend below. Text is scaled to the
/// highest picture: one pixel per dot for each 240 rows. Throws std::invalid_argument without
/// panels.
Picture compose(std::span<const Panel> panels);

}  // namespace coco_mcu::report
