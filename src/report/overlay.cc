#include "report/overlay.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "report/font.h"
#include "report/utf8.h"

namespace coco_mcu::report {
namespace {

constexpr Colour kBackground = {24, 27, 33};
constexpr Colour kInk = {230, 233, 238};
constexpr Colour kFaintInk = {160, 168, 180};
constexpr int kRowsPerDot = 240;
constexpr int kPadding = 8;       // around pictures, in dots of the font
constexpr int kTextGap = 5;       // above a caption and a legend, in dots
constexpr int kLegendHeight = 6;  // of the ramp, in dots
constexpr int kLegendGap = 3;     // between the ramp and its numbers, in dots

void check(const HeatMap& map, HeatScale scale) {
  const bool sides = map.rows > 0 && map.columns > 0;
  if (!sides || map.values.size() !=
                    static_cast<std::size_t>(map.rows) * static_cast<std::size_t>(map.columns)) {
    throw std::invalid_argument(fmt::format("heat map: {} values are no {} rows of {}",
                                            map.values.size(), map.rows, map.columns));
  }
  if (!std::ranges::all_of(map.values, [](float value) { return std::isfinite(value); })) {
    throw std::invalid_argument("heat map: a value is infinite or not a number");
  }
  if (!(scale.low < scale.high)) {
    throw std::invalid_argument(
        fmt::format("heat map: the scale from {} to {} is empty; give a low value below the high",
                    scale.low, scale.high));
  }
}

/// The two cells between whose centres a pixel lies, and how far it is on the way to the second.
struct Neighbours {
  int first = 0;
  int second = 0;
  double part = 0.0;
};

Neighbours neighbours(int pixel, int pixels, int cells) {
  const double position = (pixel + 0.5) * cells / pixels - 0.5;
  const double inside = std::clamp(position, 0.0, static_cast<double>(cells - 1));
  const int first = static_cast<int>(inside);
  return {first, std::min(first + 1, cells - 1), inside - first};
}

double interpolate(const HeatMap& map, Neighbours row, Neighbours column) {
  const auto at = [&map](int r, int c) {
    return static_cast<double>(map.values[static_cast<std::size_t>(r) * map.columns + c]);
  };
  const double upper =
      std::lerp(at(row.first, column.first), at(row.first, column.second), column.part);
  const double lower =
      std::lerp(at(row.second, column.first), at(row.second, column.second), column.part);
  return std::lerp(upper, lower, row.part);
}

std::uint8_t blend(double from, double to, double part) {
  return static_cast<std::uint8_t>(std::lround(std::lerp(from, to, part)));
}

/// Lines of at most `width` columns, broken at spaces; a word that is wider is cut.
std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  const auto break_line = [&] {
    lines.push_back(line);
    line.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width) break_line();
    if (!line.empty()) line += ' ';
    for (std::size_t i = 0; i < word.size();) {
      if (display_width(line) >= width) break_line();
      const std::size_t bytes = code_point_at(word, i).bytes;
      line += word.substr(i, bytes);
      i += bytes;
    }
    at = end + 1;
  }
  if (!line.empty()) break_line();
  return lines;
}

std::vector<std::string> caption_lines(const Panel& panel, int dot) {
  const int columns = std::max(1, panel.picture.width / (kGlyphAdvance * dot));
  return wrap(panel.caption, static_cast<std::size_t>(columns));
}

/// Height of a panel's caption, in dots.
int caption_height(const Panel& panel, int dot) {
  const int lines = static_cast<int>(caption_lines(panel, dot).size());
  return lines > 0 ? kTextGap + lines * kTextLine : 0;
}

/// The ramp from x on, its lowest and highest value below its ends.
void draw_legend(Picture& picture, int x, int y, int width, HeatScale scale, int dot) {
  for (int column = 0; column < width; ++column) {
    const double value = width > 1 ? static_cast<double>(column) / (width - 1) : 0.0;
    fill_rectangle(picture, x + column, y, 1, kLegendHeight * dot, heat_colour(value));
  }
  const int text_y = y + (kLegendHeight + kLegendGap) * dot;
  const std::string high = fmt::format("{:.4g}", scale.high);
  const int high_width = (static_cast<int>(high.size()) * kGlyphAdvance - 1) * dot;
  draw_text(picture, x, text_y, fmt::format("{:.4g}", scale.low), dot, kFaintInk);
  draw_text(picture, x + width - high_width, text_y, high, dot, kFaintInk);
}

/// Where the parts of all panels stand, in pixels; they share their heights.
struct Rows {
  int dot = 1;      // of the font
  int picture = 0;  // top of each
  int caption = 0;
  int legend = 0;
  int height = 0;  // of the whole
};

Rows rows_of(std::span<const Panel> panels) {
  int highest = 0;
  for (const Panel& panel : panels) {
    report::check(panel.picture);
    highest = std::max(highest, panel.picture.height);
  }
  Rows rows;
  rows.dot = std::max(1, (highest + kRowsPerDot / 2) / kRowsPerDot);
  int caption = 0;
  int legend = 0;
  for (const Panel& panel : panels) {
    caption = std::max(caption, caption_height(panel, rows.dot));
    if (panel.scale) legend = kTextGap + kLegendHeight + kLegendGap + kTextLine;
  }
  rows.picture = kPadding * rows.dot;
  rows.caption = rows.picture + highest;
  rows.legend = rows.caption + caption * rows.dot;
  rows.height = rows.legend + (legend + kPadding) * rows.dot;
  return rows;
}

void draw_panel(Picture& canvas, const Panel& panel, int x, const Rows& rows) {
  paste(canvas, x, rows.picture, panel.picture);
  int y = rows.caption + kTextGap * rows.dot;
  for (const std::string& line : caption_lines(panel, rows.dot)) {
    draw_text(canvas, x, y, line, rows.dot, kInk);
    y += kTextLine * rows.dot;
  }
  if (panel.scale) {
    draw_legend(canvas, x, rows.legend + kTextGap * rows.dot, panel.picture.width, *panel.scale,
                rows.dot);
  }
}

}  // namespace

void draw_heat_map(Picture& picture, const HeatMap& map, HeatScale scale, double opacity) {
  report::check(picture);
  check(map, scale);
  auto pixel = picture.rgb.begin();
  for (int y = 0; y < picture.height; ++y) {
    const Neighbours row = neighbours(y, picture.height, map.rows);
    for (int x = 0; x < picture.width; ++x) {
      const double value = interpolate(map, row, neighbours(x, picture.width, map.columns));
      const double level = std::clamp((value - scale.low) / (scale.high - scale.low), 0.0, 1.0);
      for (const std::uint8_t part : heat_colour(level)) {
        *pixel = blend(*pixel, part, std::clamp(opacity, 0.0, 1.0) * level);
        ++pixel;
      }
    }
  }
}

Picture compose(std::span<const Panel> panels) {
  if (panels.empty()) throw std::invalid_argument("compose: no panels; give at least one");
  const Rows rows = rows_of(panels);
  const int gap = kPadding * rows.dot;
  int width = gap;
  for (const Panel& panel : panels) width += panel.picture.width + gap;
  Picture canvas = filled(rows.height, width, kBackground);
  int x = gap;
  for (const Panel& panel : panels) {
    draw_panel(canvas, panel, x, rows);
    x += panel.picture.width + gap;
  }
  return canvas;
}

}  // namespace coco_mcu::report
