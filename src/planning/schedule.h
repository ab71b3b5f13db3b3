// From a choice to a plan: ring heights, places, peak and costs, exact to the byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/integer_model.h"
#include "planning/passes.h"

namespace coco_mcu::planning {

/// One piece of the arena and how long it is in use, for tables and drawings.
struct PlacedBuffer {
  std::string name;  // of the layer, or "layer scratch"
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
  int rows = 0;  // of a tensor's buffer; 0: scratch
  bool is_ring = false;
  int first = 0;  // moments, counted in rows computed
  int last = 0;
};

struct PlannedModel {
  model::Plan plan;
  std::int64_t macs = 0;
  std::int64_t recomputed_macs = 0;
  std::vector<PlacedBuffer> buffers;
  std::vector<int> pass_ends;  // moments
};

/// How hard places are looked for: see planning/placement.h.
constexpr int kQuickTries = 6;
constexpr int kThoroughTries = 400;

/// The plan of a choice, or nothing where the choice has none.
std::optional<PlannedModel> schedule(const model::IntegerModel& model, const Choice& choice,
                                     int placement_tries);

/// Multiply-accumulates of each layer once.
std::int64_t macs_of(const model::IntegerModel& model);

}  // namespace coco_mcu::planning
