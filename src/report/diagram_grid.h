// Which row and column each block of a diagram stands in, and which way every connection takes.
#pragma once

#include <vector>

#include "report/diagram.h"

namespace coco_mcu::report {

/// Rows are counted from the top, columns from the left; column 0 is the main path.
struct Cell {
  int row = 0;
  int column = 0;
  bool operator==(const Cell&) const = default;
};

/// Between row r and row r + 1 lies channel r, free for horizontal lines; left of column c lies
/// gutter c, free for vertical ones.
enum class Way {
  kTop,        // down, across in the channel below the source, down the target's column from above
  kTopLate,    // down the source's column, across in the channel above the target, from above
  kRightSide,  // down the source's column, across in the target's row, from the right
  kLeftLane,   // across below the source into the gutter left of the target, from the left
  kRightLane,  // the same with the gutter right of the target
};

struct Connection {
  int from = 0;
  int to = 0;
  Way way = Way::kTop;
  int lane = 0;  // of the gutter, counted from the left; for the two lane ways

  bool in_lane() const { return way == Way::kLeftLane || way == Way::kRightLane; }
};

struct Grid {
  int rows = 0;
  int columns = 0;
  std::vector<Cell> cells;              // of each block; no two blocks share one
  std::vector<Connection> connections;  // no line runs through a block
  std::vector<int> lanes;               // how many each gutter has; columns + 1 gutters
};

/// Every block stands below all its inputs. Throws as diagram_svg does.
Grid arrange(const std::vector<DiagramBlock>& blocks);

}  // namespace coco_mcu::report
