// The memory that no plan can do without.
#pragma once

#include <cstdint>
#include <string>

#include "model/integer_model.h"

namespace coco_mcu::planning {

struct LowerBound {
  std::int64_t bytes = 0;
  std::string reason;  // one line
};

/// A streamed picture is seen once. When an average over rows is done, every row of the picture is
/// gone, and what is computed behind the average still needs the tensors it is multiplied with: so
/// at that moment the arena holds a set of tensors from which they follow, at least the smallest
/// cut between the picture and them (Ford and Fulkerson 1956, tensors as vertices). A held picture
/// may be part of the cut, and is in the arena before the first layer. No layer needs less than the
/// rows it reads and the row it writes.
LowerBound lower_bound(const model::IntegerModel& model, bool streams_input);

}  // namespace coco_mcu::planning
