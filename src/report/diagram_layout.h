// Where everything of a diagram stands, in pixels: boxes, chips and the corners of each connection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/diagram.h"
#include "report/diagram_grid.h"

namespace coco_mcu::report {

struct Point {
  double x = 0.0;
  double y = 0.0;
};

struct Box {
  double x = 0.0;
  double y = 0.0;
  double width = 0.0;
  double height = 0.0;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
  double centre() const { return x + width / 2.0; }
};

/// Sizes that drawing shares with layout, in pixels.
namespace pixels {
constexpr double kTitleFont = 14.0;
constexpr double kLineFont = 11.0;
constexpr double kChipFont = 11.0;
constexpr double kPadding = 12.0;      // inside a block, on every side
constexpr double kStripe = 5.0;        // at the left of a block
constexpr double kTitleHeight = 18.0;  // of the title's line
constexpr double kLineHeight = 15.0;   // of each fact below it
constexpr double kChipHeight = 22.0;
constexpr double kChipPadding = 8.0;
constexpr double kChipGap = 10.0;  // between chips, with a line from each to the next
constexpr double kBarsHeight = 24.0;
constexpr double kBarsGap = 24.0;    // between the bar of MACs and that of parameters
constexpr double kLabelZone = 22.0;  // below a block, for the shape
}  // namespace pixels

/// A block in place. Chips are as many as the block's parts, in their order.
struct PlacedBlock {
  Box box;
  std::vector<Box> chips;
  double lines_top = 0.0;
  double bars_top = 0.0;
  bool small = false;  // a title alone, drawn as a pill
};

/// What is written at a block's bars: the figure and its share of the whole diagram.
struct BarText {
  std::string figure;  // "1,597,536 MACs"
  std::string share;   // "3.4 %"
};
BarText bar_text(std::int64_t figure, std::int64_t whole, const std::string& unit);

struct DiagramLayout {
  std::vector<PlacedBlock> blocks;
  std::vector<std::vector<Point>> lines;  // of each connection, from the source to the target
  double width = 0.0;
  double height = 0.0;
};

/// Places the blocks of a diagram and its connections, from (0, 0) on.
DiagramLayout lay_out(const Diagram& diagram, const Grid& grid);

}  // namespace coco_mcu::report
