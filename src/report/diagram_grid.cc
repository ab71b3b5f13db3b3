#include "report/diagram_grid.h"

#include <algorithm>
#include <limits>
#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace coco_mcu::report {
namespace {

/// Rows that something occupies, both ends included.
struct RowRange {
  int first = 0;
  int last = 0;

  bool overlaps(const RowRange& other) const { return first <= other.last && other.first <= last; }
};

constexpr int kNoColumn = -1;
constexpr RowRange kEveryRow{0, std::numeric_limits<int>::max()};

/// The first of the columns or lanes where the rows are free, a new one if need be; takes them.
int first_free(std::vector<std::vector<RowRange>>& taken, RowRange rows) {
  const auto place = std::ranges::find_if(taken, [&](const std::vector<RowRange>& ranges) {
    return std::ranges::none_of(ranges, [&](const RowRange& r) { return r.overlaps(rows); });
  });
  const auto index = static_cast<int>(place - taken.begin());
  if (place == taken.end()) taken.emplace_back();
  taken[index].push_back(rows);
  return index;
}

void check(const std::vector<DiagramBlock>& blocks) {
  if (blocks.empty()) throw std::invalid_argument("diagram: no blocks; give at least one");
  for (int i = 0; i < std::ssize(blocks); ++i) {
    for (const int input : blocks[i].inputs) {
      if (input < 0 || input >= i) {
        throw std::invalid_argument(
            fmt::format("diagram: block {} ({}) has input {}, which is no earlier block; list "
                        "blocks in order of execution",
                        i, blocks[i].title, input));
      }
    }
  }
}

/// The row below the lowest input; the top for a block without inputs.
std::vector<Cell> rows_of(const std::vector<DiagramBlock>& blocks) {
  std::vector<Cell> cells(blocks.size(), {0, kNoColumn});
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (const int input : blocks[i].inputs) {
      cells[i].row = std::max(cells[i].row, cells[input].row + 1);
    }
  }
  return cells;
}

/// The lowest row that each block's output is read in; its own where nobody reads it.
std::vector<int> last_read_rows(const std::vector<DiagramBlock>& blocks,
                                const std::vector<Cell>& cells) {
  std::vector<int> rows(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    rows[i] = cells[i].row;
    for (const int input : blocks[i].inputs) rows[input] = std::max(rows[input], cells[i].row);
  }
  return rows;
}

/// Takes chains of first inputs from the last block to the first: the first chain is the main path,
/// every other one goes to the nearest column where it meets nothing between the row below its
/// fork and the row where it joins.
class ColumnChooser {
 public:
  ColumnChooser(const std::vector<DiagramBlock>& blocks, std::vector<Cell>& cells)
      : blocks_(blocks), cells_(cells), last_read_(last_read_rows(blocks, cells)) {}

  int choose() {
    for (int i = static_cast<int>(blocks_.size()) - 1; i >= 0; --i) {
      if (cells_[i].column == kNoColumn) place_chain(i);
    }
    return static_cast<int>(taken_.size());
  }

 private:
  void place_chain(int tail) {
    std::vector<int> chain;
    RowRange range{0, cells_[tail].row};
    for (int i = tail;;) {
      chain.push_back(i);
      range.first = cells_[i].row;
      range.last = std::max(range.last, last_read_[i]);
      if (blocks_[i].inputs.empty()) break;
      i = blocks_[i].inputs.front();
      range.first = cells_[i].row + 1;
      if (cells_[i].column != kNoColumn) break;
    }
    // The main path keeps its column to itself: it comes first and takes every row of it.
    const int column = first_free(taken_, taken_.empty() ? kEveryRow : range);
    for (const int block : chain) cells_[block].column = column;
  }

  const std::vector<DiagramBlock>& blocks_;
  std::vector<Cell>& cells_;
  std::vector<int> last_read_;
  std::vector<std::vector<RowRange>> taken_;  // of each column
};

/// Chooses the way of each connection so that no line runs through a block.
class Router {
 public:
  explicit Router(Grid& grid) : grid_(grid) {
    for (const Cell& cell : grid.cells) occupied_.insert({cell.column, cell.row});
  }

  void connect(int from, int to, bool first_input) {
    const Cell source = grid_.cells[from];
    const Cell target = grid_.cells[to];
    Connection connection{
        from, to, first_input ? way_from_above(source, target) : way_from_the_side(source, target)};
    grid_.connections.push_back(connection);
  }

  /// Gives every connection in a gutter its lane. Short ones lie next to the column they enter, so
  /// that nested connections do not cross.
  void choose_lanes() {
    grid_.lanes.assign(grid_.columns + 1, 0);
    for (int gutter = 0; gutter <= grid_.columns; ++gutter) {
      const int right = fill_lanes(gutter, Way::kRightLane);  // enter the column left of the gutter
      const int left = fill_lanes(gutter, Way::kLeftLane);
      grid_.lanes[gutter] = right + left;
      for (Connection& connection : grid_.connections) {
        if (connection.way == Way::kLeftLane && gutter_of(connection) == gutter) {
          connection.lane = right + left - 1 - connection.lane;
        }
      }
    }
  }

 private:
  bool free_rows(int column, int first, int last) const {
    for (int row = first; row <= last; ++row) {
      if (occupied_.contains({column, row})) return false;
    }
    return true;
  }

  bool free_columns(int row, int first, int last) const {
    for (int column = first; column <= last; ++column) {
      if (occupied_.contains({column, row})) return false;
    }
    return true;
  }

  Way way_from_above(Cell source, Cell target) const {
    if (free_rows(target.column, source.row + 1, target.row - 1)) return Way::kTop;
    if (free_rows(source.column, source.row + 1, target.row - 1)) return Way::kTopLate;
    return Way::kLeftLane;
  }

  Way way_from_the_side(Cell source, Cell target) const {
    if (source.column <= target.column) return Way::kLeftLane;
    const bool clear = free_rows(source.column, source.row + 1, target.row) &&
                       free_columns(target.row, target.column + 1, source.column - 1);
    return clear ? Way::kRightSide : Way::kRightLane;
  }

  int gutter_of(const Connection& connection) const {
    return grid_.cells[connection.to].column + (connection.way == Way::kRightLane ? 1 : 0);
  }

  RowRange rows_of_lane(const Connection& connection) const {
    return {grid_.cells[connection.from].row, grid_.cells[connection.to].row};
  }

  /// Numbers the lanes of one side from the column outwards; returns how many it needs.
  int fill_lanes(int gutter, Way way) {
    std::vector<Connection*> waiting;
    for (Connection& connection : grid_.connections) {
      if (connection.way == way && gutter_of(connection) == gutter) waiting.push_back(&connection);
    }
    std::ranges::stable_sort(waiting, {}, [&](const Connection* connection) {
      const RowRange rows = rows_of_lane(*connection);
      return rows.last - rows.first;
    });
    std::vector<std::vector<RowRange>> lanes;
    for (Connection* connection : waiting) {
      connection->lane = first_free(lanes, rows_of_lane(*connection));
    }
    return static_cast<int>(lanes.size());
  }

  Grid& grid_;
  std::set<std::pair<int, int>> occupied_;  // column, row
};

}  // namespace

Grid arrange(const std::vector<DiagramBlock>& blocks) {
  check(blocks);
  Grid grid;
  grid.cells = rows_of(blocks);
  grid.columns = ColumnChooser(blocks, grid.cells).choose();
  for (const Cell& cell : grid.cells) grid.rows = std::max(grid.rows, cell.row + 1);
  Router router(grid);
  for (int to = 0; to < std::ssize(blocks); ++to) {
    bool first_input = true;
    for (const int from : blocks[to].inputs) {
      router.connect(from, to, first_input);
      first_input = false;
    }
  }
  router.choose_lanes();
  return grid;
}

}  // namespace coco_mcu::report
