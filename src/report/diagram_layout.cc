#include "report/diagram_layout.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "report/svg.h"
#include "report/table.h"

namespace coco_mcu::report {
namespace {

using namespace pixels;

constexpr double kWrapWidth = 520.0;   // chips go on in a new row where they would pass this
constexpr double kSpacing = 7.0;       // between title, facts and rows of chips
constexpr double kBarsSpacing = 11.0;  // above the bars
constexpr double kGutter = 44.0;       // between columns, without lanes
constexpr double kLanePitch = 12.0;
constexpr double kTrackPitch = 9.0;
constexpr double kArrowZone = 18.0;  // above a block, for the arrow's head

bool is_small(const DiagramBlock& block) {
  return block.parts.empty() && block.lines.empty() && block.macs == 0 && block.parameters == 0;
}

double chip_width(const DiagramPart& part) {
  return text_width(part.text, kChipFont) + 2.0 * kChipPadding;
}

double bar_text_width(const BarText& text) {
  return text_width(text.figure, kLineFont) + text_width(text.share, kLineFont) + kChipGap;
}

struct Totals {
  std::int64_t macs = 0;
  std::int64_t parameters = 0;
};

Totals totals(const Diagram& diagram) {
  Totals sum;
  for (const DiagramBlock& block : diagram.blocks) {
    sum.macs += block.macs;
    sum.parameters += block.parameters;
  }
  return sum;
}

/// The width that a block's content cannot do without, and with chips side by side up to the wrap.
double content_width(const DiagramBlock& block, const Totals& whole) {
  double width = text_width(block.title, kTitleFont, true);
  if (is_small(block)) return width;
  for (const std::string& line : block.lines) width = std::max(width, text_width(line, kLineFont));
  double row = -kChipGap;
  for (const DiagramPart& part : block.parts) {
    width = std::max(width, chip_width(part));
    row += chip_width(part) + kChipGap;
  }
  width = std::max(width, std::min(row, kWrapWidth));
  if (block.macs > 0 || block.parameters > 0) {
    const double macs = bar_text_width(bar_text(block.macs, whole.macs, "MACs"));
    const double parameters =
        bar_text_width(bar_text(block.parameters, whole.parameters, "parameters"));
    width = std::max(width, 2.0 * std::max(macs, parameters) + kBarsGap);
  }
  return width;
}

/// The block at (0, 0) in a column of that width.
PlacedBlock shape(const DiagramBlock& block, double column_width) {
  PlacedBlock placed;
  placed.small = is_small(block);
  if (placed.small) {
    const double width = text_width(block.title, kTitleFont, true) + 4.0 * kPadding;
    placed.box = {(column_width - width) / 2.0, 0.0, width, kTitleHeight + kPadding};
    return placed;
  }
  const double left = kStripe + kPadding;
  double y = kPadding + kTitleHeight;
  placed.lines_top = y;
  y += kLineHeight * static_cast<double>(block.lines.size());
  double x = left;
  bool first_of_row = true;
  if (!block.parts.empty()) y += kSpacing;
  for (const DiagramPart& part : block.parts) {
    const double width = chip_width(part);
    if (!first_of_row && x + width > column_width - kPadding) {
      x = left;
      y += kChipHeight + kSpacing;
    }
    placed.chips.push_back({x, y, width, kChipHeight});
    x += width + kChipGap;
    first_of_row = false;
  }
  if (!block.parts.empty()) y += kChipHeight;
  if (block.macs > 0 || block.parameters > 0) {
    placed.bars_top = y + kBarsSpacing;
    y = placed.bars_top + kBarsHeight;
  }
  placed.box = {0.0, 0.0, column_width, y + kPadding - kSpacing / 2.0};
  return placed;
}

void move(PlacedBlock& block, double x, double y) {
  block.box.x += x;
  block.box.y += y;
  block.lines_top += y;
  block.bars_top += y;
  for (Box& chip : block.chips) {
    chip.x += x;
    chip.y += y;
  }
}

/// Lays a grid out: columns and lanes first, then the horizontal tracks of each channel, then rows.
class LayOut {
 public:
  LayOut(const Diagram& diagram, const Grid& grid) : diagram_(diagram), grid_(grid) {
    place_columns();
    choose_tracks();
    place_rows();
    choose_entries();
    for (std::size_t i = 0; i < grid.connections.size(); ++i) layout_.lines.push_back(line(i));
  }

  DiagramLayout take() { return std::move(layout_); }

 private:
  /// A horizontal stretch in a channel; connections from one block share it.
  struct Track {
    double left = 0.0;
    double right = 0.0;
    int number = 0;
  };
  using TrackKey = std::pair<int, int>;  // channel, source block

  void place_columns() {
    const Totals whole = totals(diagram_);
    std::vector<double> widths(grid_.columns, 0.0);
    for (std::size_t i = 0; i < diagram_.blocks.size(); ++i) {
      const double outside =
          is_small(diagram_.blocks[i]) ? 4.0 * kPadding : kStripe + 2.0 * kPadding;
      double& width = widths[grid_.cells[i].column];
      width = std::max(width, content_width(diagram_.blocks[i], whole) + outside);
    }
    double x = 0.0;
    for (int column = 0; column <= grid_.columns; ++column) {
      const bool outer = column == 0 || column == grid_.columns;
      const double between = outer ? 0.0 : kGutter;
      const double lanes = kLanePitch * grid_.lanes[column];
      gutters_.push_back(x + (outer && column == 0 ? 0.0 : kLanePitch));
      x += between + lanes + (outer && grid_.lanes[column] > 0 ? 2.0 * kLanePitch : 0.0);
      if (column == grid_.columns) break;
      columns_.push_back({x, 0.0, widths[column], 0.0});
      x += widths[column];
    }
    layout_.width = x;
    for (std::size_t i = 0; i < diagram_.blocks.size(); ++i) {
      const Box& column = columns_[grid_.cells[i].column];
      layout_.blocks.push_back(shape(diagram_.blocks[i], column.width));
      move(layout_.blocks.back(), column.x, 0.0);
    }
  }

  double lane_x(const Connection& connection) const {
    const int column = grid_.cells[connection.to].column;
    const int gutter = column + (connection.way == Way::kRightLane ? 1 : 0);
    return gutters_[gutter] + kLanePitch * (connection.lane + 0.5);
  }

  double source_x(const Connection& connection) const {
    return columns_[grid_.cells[connection.from].column].centre();
  }

  /// Which channel a connection crosses, and from where to where; nothing where it crosses none.
  std::optional<std::pair<int, Track>> crossing(const Connection& connection) const {
    const Cell source = grid_.cells[connection.from];
    const Cell target = grid_.cells[connection.to];
    if (connection.way == Way::kRightSide) return std::nullopt;
    const double from = source_x(connection);
    const double to = connection.in_lane() ? lane_x(connection) : columns_[target.column].centre();
    if (from == to) return std::nullopt;
    const int channel = connection.way == Way::kTopLate ? target.row - 1 : source.row;
    return std::pair{channel, Track{std::min(from, to), std::max(from, to)}};
  }

  void choose_tracks() {
    for (const Connection& connection : grid_.connections) {
      const auto crossed = crossing(connection);
      if (!crossed) continue;
      const auto [entry, added] =
          tracks_.try_emplace({crossed->first, connection.from}, crossed->second);
      entry->second.left = std::min(entry->second.left, crossed->second.left);
      entry->second.right = std::max(entry->second.right, crossed->second.right);
    }
    track_counts_.assign(grid_.rows, 0);
    std::vector<std::pair<int, Track>> numbered;
    for (auto& [key, track] : tracks_) {
      const auto is_taken = [&, channel = key.first, &candidate = track](const auto& other) {
        return other.first == channel && other.second.number == candidate.number &&
               other.second.left <= candidate.right && candidate.left <= other.second.right;
      };
      while (std::ranges::any_of(numbered, is_taken)) ++track.number;
      numbered.emplace_back(key.first, track);
      track_counts_[key.first] = std::max(track_counts_[key.first], track.number + 1);
    }
  }

  void place_rows() {
    std::vector<double> heights(grid_.rows, 0.0);
    for (std::size_t i = 0; i < layout_.blocks.size(); ++i) {
      double& height = heights[grid_.cells[i].row];
      height = std::max(height, layout_.blocks[i].box.height);
    }
    double y = 0.0;
    std::vector<double> tops;
    for (int row = 0; row < grid_.rows; ++row) {
      tops.push_back(y);
      row_bottoms_.push_back(y + heights[row]);
      y = row_bottoms_.back() + kLabelZone + kTrackPitch * track_counts_[row] + kArrowZone;
    }
    layout_.height = y;
    for (std::size_t i = 0; i < layout_.blocks.size(); ++i) {
      move(layout_.blocks[i], 0.0, tops[grid_.cells[i].row]);
    }
  }

  /// Spreads what enters a block from one side over that side; sources further out enter lower, so
  /// that their lines do not cross.
  void choose_entries() {
    std::map<std::pair<int, bool>, std::vector<std::size_t>> sides;
    for (std::size_t i = 0; i < grid_.connections.size(); ++i) {
      const Connection& connection = grid_.connections[i];
      const bool from_right =
          connection.way == Way::kRightSide || connection.way == Way::kRightLane;
      if (from_right || connection.way == Way::kLeftLane) {
        sides[{connection.to, from_right}].push_back(i);
      }
    }
    entries_.assign(grid_.connections.size(), 0.0);
    for (auto& [side, connections] : sides) {
      std::ranges::stable_sort(connections, {}, [&](std::size_t i) {
        return grid_.cells[grid_.connections[i].from].column;
      });
      const Box& box = layout_.blocks[side.first].box;
      const double step = box.height / static_cast<double>(connections.size() + 1);
      double y = box.y;
      for (const std::size_t i : connections) entries_[i] = y += step;
    }
  }

  double track_y(int channel, int from) const {
    const auto track = tracks_.find({channel, from});
    const int number = track == tracks_.end() ? 0 : track->second.number;
    return row_bottoms_[channel] + kLabelZone + kTrackPitch * (number + 0.5);
  }

  std::vector<Point> line(std::size_t index) const {
    const Connection& connection = grid_.connections[index];
    const Box& source = layout_.blocks[connection.from].box;
    const Box& target = layout_.blocks[connection.to].box;
    const double from_x = source_x(connection);
    const double to_x = columns_[grid_.cells[connection.to].column].centre();
    const double entry = entries_[index];
    const double below = track_y(grid_.cells[connection.from].row, connection.from);
    const double above = track_y(grid_.cells[connection.to].row - 1, connection.from);
    const Point start{from_x, source.bottom()};
    switch (connection.way) {
      case Way::kTop:
        if (from_x == to_x) return {start, {to_x, target.y}};
        return {start, {from_x, below}, {to_x, below}, {to_x, target.y}};
      case Way::kTopLate:
        return {start, {from_x, above}, {to_x, above}, {to_x, target.y}};
      case Way::kRightSide:
        return {start, {from_x, entry}, {target.right(), entry}};
      case Way::kLeftLane:
      case Way::kRightLane:
        break;
    }
    const double lane = lane_x(connection);
    const double side = connection.way == Way::kLeftLane ? target.x : target.right();
    return {start, {from_x, below}, {lane, below}, {lane, entry}, {side, entry}};
  }

  const Diagram& diagram_;
  const Grid& grid_;
  DiagramLayout layout_;
  std::vector<Box> columns_;     // x and width alone
  std::vector<double> gutters_;  // where the lanes of each begin
  std::map<TrackKey, Track> tracks_;
  std::vector<int> track_counts_;    // of each channel
  std::vector<double> row_bottoms_;  // where each channel begins
  std::vector<double> entries_;      // y where each connection enters a side
};

}  // namespace

BarText bar_text(std::int64_t figure, std::int64_t whole, const std::string& unit) {
  const double share =
      whole > 0 ? 100.0 * static_cast<double>(figure) / static_cast<double>(whole) : 0.0;
  return {fmt::format("{} {}", thousands(figure), unit), fmt::format("{:.1f} %", share)};
}

DiagramLayout lay_out(const Diagram& diagram, const Grid& grid) {
  return LayOut(diagram, grid).take();
}

}  // namespace coco_mcu::report
