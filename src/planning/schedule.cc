#include "planning/schedule.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "planning/live_buffers.h"
#include "planning/placement.h"
#include "planning/rings.h"

namespace coco_mcu::planning {
namespace {

using model::IntegerModel;
using model::Operator;

const Operator& input_of(const IntegerModel& model, const Operator& layer) {
  return layer.inputs.empty() ? layer : model.operators[static_cast<std::size_t>(layer.inputs[0])];
}

/// Writes the places of buffers into the plan.
void write_places(PlannedModel& planned, const LiveBuffers& live, const Placement& placement) {
  planned.plan.arena_bytes = static_cast<std::uint32_t>(placement.arena_bytes);
  std::size_t number = 0;
  for (model::PlanPass& pass : planned.plan.passes) {
    for (model::PlanStep& step : pass) {
      step.offset = static_cast<std::uint32_t>(placement.offsets[live.buffer_of(number)]);
      const int scratch = live.scratch_of(number);
      if (scratch >= 0) {
        step.scratch =
            static_cast<std::uint32_t>(placement.offsets[static_cast<std::size_t>(scratch)]);
      }
      ++number;
    }
  }
  planned.buffers = live.buffers();
  for (std::size_t i = 0; i < planned.buffers.size(); ++i) {
    planned.buffers[i].offset = placement.offsets[i];
  }
  planned.pass_ends = live.pass_ends();
}

}  // namespace

std::int64_t macs_of(const IntegerModel& model) {
  std::int64_t sum = 0;
  for (const Operator& layer : model.operators) {
    sum += static_cast<std::int64_t>(model::macs(layer, input_of(model, layer)));
  }
  return sum;
}

std::optional<PlannedModel> schedule(const IntegerModel& model, const Choice& choice,
                                     int placement_tries) {
  const auto passes = passes_of(model, choice);
  if (!passes) return std::nullopt;
  PlannedModel planned;
  planned.plan.streams_input = choice.streams_input;
  for (const auto& pass : *passes) {
    planned.plan.passes.emplace_back();
    for (const PassLayer& each : pass) {
      const Operator& layer = model.operators[static_cast<std::size_t>(each.layer)];
      planned.plan.passes.back().push_back({each.layer, each.is_kept ? layer.height : 0});
      planned.macs += static_cast<std::int64_t>(model::macs(layer, input_of(model, layer)));
    }
  }
  planned.recomputed_macs = planned.macs - macs_of(model);
  StepGraph graph(model, planned.plan);
  if (!graph.size_rings()) return std::nullopt;
  graph.write_rows(planned.plan);
  const LiveBuffers live(model, planned.plan, graph);
  const Placement placement = place(live.bytes(), live.gaps(), placement_tries);
  write_places(planned, live, placement);
  return planned;
}

}  // namespace coco_mcu::planning
