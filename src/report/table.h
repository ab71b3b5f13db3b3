// Tables as text, and numbers as people read them: what every command prints its results with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coco_mcu::report {

enum class Align { kLeft, kRight };

struct Column {
  std::string header;
  Align align = Align::kLeft;
};

/// Collects rows and writes them aligned, two spaces between columns, no space at a line's end:
///
///   block          output    MACs
///   -----------  --------  ------
///   stem
///   first_layer  86x86x8   798,768
///   -----------  --------  ------
///   total                  798,768
///
/// A row with more cells than columns throws std::invalid_argument; missing cells are empty.
class Table {
 public:
  explicit Table(std::vector<Column> columns);

  void row(std::vector<std::string> cells);
  /// A line of its own that names the rows below it; it does not widen the first column.
  void section(std::string title);
  void separator();
  /// Stands at the end of the table, below a separator, wherever it is added.
  void total(std::vector<std::string> cells);

  /// All lines, the last one ended too. The header is left out where every column's is empty.
  std::string text() const;

 private:
  enum class LineKind { kCells, kSection, kSeparator };
  struct Line {
    LineKind kind;
    std::vector<std::string> cells;
  };

  void check(const std::vector<std::string>& cells) const;
  std::vector<std::size_t> widths() const;
  bool has_header() const;

  std::vector<Column> columns_;
  std::vector<Line> lines_;
  std::vector<Line> totals_;
};

/// 46959296 as "46,959,296".
std::string thousands(std::int64_t number);

/// A size for people: "812 B", "249.8 KiB", "3.1 MiB", "1.5 GiB" (1 KiB = 1024 bytes).
std::string byte_size(std::int64_t bytes);

}  // namespace coco_mcu::report
