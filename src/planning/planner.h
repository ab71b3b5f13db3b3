// Searches plans: RAM against multiply-accumulates.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/integer_model.h"
#include "planning/lower_bound.h"
#include "planning/schedule.h"

namespace coco_mcu::planning {

/// Plans none of which is beaten in both peak and MACs by another that was looked at; the fewest
/// MACs (then the largest peak) first.
using ParetoFront = std::vector<PlannedModel>;

/// Looks at the choices that differ from the best so far in one tensor, beginning first at all
/// tensors and at each one alone, then at those up to each size, until no choice is new or `limit`
/// have been looked at.
/// Deterministic. Not empty: keeping every tensor is always legal.
ParetoFront search(const model::IntegerModel& model, bool streams_input, int limit = 1500);

/// The plan of a front with the fewest MACs whose peak is at most `budget`; null where none is.
const PlannedModel* within_budget(const ParetoFront& front, std::int64_t budget);

}  // namespace coco_mcu::planning
