// Drawings of memory: what lies where and when, and what memory costs in work. SVG.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace coco_mcu::report {

/// One piece of memory in use from moment `first` to moment `last`, both included.
struct MemoryBox {
  std::string name;
  std::int64_t offset = 0;  // bytes
  std::int64_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct MemoryMap {
  std::string title;
  std::int64_t bytes = 0;       // of all memory
  int moments = 0;              // from left to right
  std::vector<int> boundaries;  // moments at which a line is drawn from top to bottom
  std::vector<MemoryBox> boxes;
};

/// Time from left to right, memory from bottom to top; every box has its name where it fits and as
/// its tooltip.
std::string memory_map_svg(const MemoryMap& map);

/// One point of a curve of memory against work.
struct MemoryPoint {
  std::int64_t bytes = 0;
  double work = 0;  // millions of multiply-accumulates
};

struct MemoryCurve {
  std::string name;
  std::vector<MemoryPoint> points;
};

/// Steps through each curve's points: with that much memory, that much work.
std::string memory_curve_svg(const std::string& title, const std::vector<MemoryCurve>& curves);

}  // namespace coco_mcu::report
