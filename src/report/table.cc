#include "report/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "report/utf8.h"

namespace coco_mcu::report {
namespace {

constexpr std::string_view kGap = "  ";

std::string padded(const std::string& cell, std::size_t width, Align align) {
  const std::size_t own = display_width(cell);
  const std::string space(width > own ? width - own : 0, ' ');
  return align == Align::kLeft ? cell + space : space + cell;
}

void end_line(std::string& text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  text += '\n';
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::check(const std::vector<std::string>& cells) const {
  if (cells.size() > columns_.size()) {
    throw std::invalid_argument(fmt::format("table: a row of {} cells does not fit {} columns",
                                            cells.size(), columns_.size()));
  }
}

void Table::row(std::vector<std::string> cells) {
  check(cells);
  lines_.push_back({LineKind::kCells, std::move(cells)});
}

void Table::section(std::string title) {
  lines_.push_back({LineKind::kSection, {std::move(title)}});
}

void Table::separator() {
  lines_.push_back({LineKind::kSeparator, {}});
}

void Table::total(std::vector<std::string> cells) {
  check(cells);
  totals_.push_back({LineKind::kCells, std::move(cells)});
}

bool Table::has_header() const {
  return std::any_of(columns_.begin(), columns_.end(),
                     [](const Column& c) { return !c.header.empty(); });
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  widths.reserve(columns_.size());
  for (const Column& column : columns_) widths.push_back(display_width(column.header));
  for (const std::vector<Line>* part : {&lines_, &totals_}) {
    for (const Line& line : *part) {
      if (line.kind != LineKind::kCells) continue;
      for (std::size_t i = 0; i < line.cells.size(); ++i) {
        widths[i] = std::max(widths[i], display_width(line.cells[i]));
      }
    }
  }
  return widths;
}

std::string Table::text() const {
  const std::vector<std::size_t> width = widths();
  std::string text;
  const auto write_cells = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) text += kGap;
      text += padded(i < cells.size() ? cells[i] : "", width[i], columns_[i].align);
    }
    end_line(text);
  };
  const auto write_separator = [&] {
    std::vector<std::string> dashes;
    dashes.reserve(width.size());
    for (const std::size_t w : width) dashes.emplace_back(w, '-');
    write_cells(dashes);
  };
  if (has_header()) {
    std::vector<std::string> headers;
    headers.reserve(columns_.size());
    for (const Column& column : columns_) headers.push_back(column.header);
    write_cells(headers);
    write_separator();
  }
  for (const Line& line : lines_) {
    switch (line.kind) {
      case LineKind::kCells:
        write_cells(line.cells);
        break;
      case LineKind::kSection:
        text += line.cells.front();
        end_line(text);
        break;
      case LineKind::kSeparator:
        write_separator();
        break;
    }
  }
  if (!totals_.empty()) write_separator();
  for (const Line& line : totals_) write_cells(line.cells);
  return text;
}

std::string thousands(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::ptrdiff_t first_digit = number < 0 ? 1 : 0;
  for (std::ptrdiff_t i = std::ssize(text) - 3; i > first_digit; i -= 3) {
    text.insert(static_cast<std::size_t>(i), 1, ',');
  }
  return text;
}

std::string byte_size(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (std::abs(bytes) < 1024) return fmt::format("{} B", bytes);
  double size = static_cast<double>(bytes) / 1024.0;
  std::size_t unit = 0;
  // 1023.95 would be printed as 1024.0 of the smaller unit.
  while (std::abs(size) >= 1023.95 && unit + 1 < kUnits.size()) {
    size /= 1024.0;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

}  // namespace coco_mcu::report
