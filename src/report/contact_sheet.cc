#include "report/contact_sheet.h"

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
constexpr Colour kBox = {255, 208, 0};
constexpr Colour kBoxEdge = {0, 0, 0};
constexpr int kGap = 8;   // between cells, pixels
constexpr int kMark = 3;  // height of the bar, pixels
constexpr int kTextGap = 4;

/// Black outside of yellow, seen on every ground.
void outline(Picture& canvas, int left, int top, int right, int bottom, Colour colour) {
  const int width = right - left;
  const int height = bottom - top;
  fill_rectangle(canvas, left, top, width, 1, colour);
  fill_rectangle(canvas, left, bottom - 1, width, 1, colour);
  fill_rectangle(canvas, left, top, 1, height, colour);
  fill_rectangle(canvas, right - 1, top, 1, height, colour);
}

void draw_box(Picture& picture, const SheetBox& box) {
  const auto place = [](double share, int side) {
    return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * side));
  };
  const int left = place(box.left, picture.width);
  const int right = place(box.right, picture.width);
  const int top = place(box.top, picture.height);
  const int bottom = place(box.bottom, picture.height);
  outline(picture, left - 1, top - 1, right + 1, bottom + 1, kBoxEdge);
  outline(picture, left, top, right, bottom, kBox);
}

/// What of a line fits, its end marked where it was cut.
std::string fitted(const std::string& line, int width) {
  const auto columns = static_cast<std::size_t>(std::max(1, width / kGlyphAdvance));
  if (display_width(line) <= columns) return line;
  std::string cut;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t bytes = code_point_at(line, at).bytes;
    if (display_width(cut) + 2 >= columns) break;
    cut += line.substr(at, bytes);
    at += bytes;
  }
  return cut + "..";
}

void draw_cell(Picture& canvas, const SheetCell& cell, int x, int y, int side) {
  Picture picture = cell.picture;
  for (const SheetBox& box : cell.boxes) draw_box(picture, box);
  paste(canvas, x + (side - picture.width) / 2, y + (side - picture.height) / 2, picture);
  fill_rectangle(canvas, x, y + side, side, kMark, cell.mark);
  int text_y = y + side + kMark + kTextGap;
  for (const std::string& line : cell.lines) {
    draw_text(canvas, x, text_y, fitted(line, side), 1, kInk);
    text_y += kTextLine;
  }
}

void check(std::span<const SheetCell> cells, const SheetLayout& layout) {
  if (cells.empty() || layout.columns < 1 || layout.cell < 1) {
    throw std::invalid_argument(
        fmt::format("contact sheet: {} cells of {} pixels in {} columns; give at least one each",
                    cells.size(), layout.cell, layout.columns));
  }
  for (const SheetCell& cell : cells) {
    report::check(cell.picture);
    if (cell.picture.height > layout.cell || cell.picture.width > layout.cell) {
      throw std::invalid_argument(
          fmt::format("contact sheet: {} x {} pixels do not fit into a cell of {}; scale it down",
                      cell.picture.height, cell.picture.width, layout.cell));
    }
  }
}

}  // namespace

Picture contact_sheet(std::span<const SheetCell> cells, const SheetLayout& layout) {
  check(cells, layout);
  std::size_t lines = 0;
  for (const SheetCell& cell : cells) lines = std::max(lines, cell.lines.size());
  const int columns = std::min(layout.columns, static_cast<int>(cells.size()));
  const int rows = (static_cast<int>(cells.size()) + columns - 1) / columns;
  const int pitch_x = layout.cell + kGap;
  const int pitch_y = layout.cell + kMark + kTextGap + static_cast<int>(lines) * kTextLine + kGap;
  Picture canvas = filled(kGap + rows * pitch_y, kGap + columns * pitch_x, kBackground);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const int at = static_cast<int>(i);
    draw_cell(canvas, cells[i], kGap + at % columns * pitch_x, kGap + at / columns * pitch_y,
              layout.cell);
  }
  return canvas;
}

}  // namespace coco_mcu::report
