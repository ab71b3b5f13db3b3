// Many small pictures on one, each with its boxes and what is said of it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "report/picture.h"

namespace coco_mcu::report {

/// In shares of its picture's width and height.
struct SheetBox {
  double left = 0.0;
  double top = 0.0;
  double right = 0.0;
  double bottom = 0.0;
};

struct SheetCell {
  Picture picture;  // at most SheetLayout::cell pixels on each side
  std::vector<SheetBox> boxes;
  std::vector<std::string> lines;  // below it; what is too long for the cell is cut
  Colour mark = {120, 128, 140};   // of the bar above the lines
};

struct SheetLayout {
  int columns = 8;
  int cell = 192;  // pixels
};

/// The cells row by row, pictures in the middle of their cells, boxes outlined. The last row may be
/// incomplete. Throws std::invalid_argument without cells, for a layout that is not positive and
/// for a picture that is larger than a cell.
Picture contact_sheet(std::span<const SheetCell> cells, const SheetLayout& layout);

}  // namespace coco_mcu::report
