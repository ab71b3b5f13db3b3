#include "report/plan_drawings.h"

#include <cstdint>

#include <fmt/format.h>

#include "report/memory_map.h"
#include "report/table.h"

namespace coco_mcu::report {

std::string front_svg(const std::string& network,
                      const std::vector<planning::ParetoFront>& fronts) {
  std::vector<MemoryCurve> curves;
  for (const planning::ParetoFront& front : fronts) {
    MemoryCurve& curve = curves.emplace_back();
    curve.name = front.front().plan.streams_input ? "picture row by row" : "picture held";
    for (const planning::PlannedModel& planned : front) {
      curve.points.push_back(
          {std::int64_t{planned.plan.arena_bytes}, static_cast<double>(planned.macs) / 1e6});
    }
  }
  return memory_curve_svg(network + ": peak RAM against work", curves);
}

std::string plan_svg(const std::string& network, const planning::PlannedModel& planned) {
  MemoryMap map;
  map.title =
      fmt::format("{}: {} bytes", network, thousands(std::int64_t{planned.plan.arena_bytes}));
  map.bytes = std::int64_t{planned.plan.arena_bytes};
  map.boundaries = planned.pass_ends;
  map.moments = planned.pass_ends.back();
  for (const planning::PlacedBuffer& buffer : planned.buffers) {
    map.boxes.push_back({buffer.name, buffer.offset, buffer.bytes, buffer.first, buffer.last});
  }
  return memory_map_svg(map);
}

}  // namespace coco_mcu::report
