// Which layers are computed together. A choice says which tensors are kept whole; from it follow
// the passes, and what has to be computed again because it was not kept.
#pragma once

#include <optional>
#include <vector>

#include "model/integer_model.h"

namespace coco_mcu::planning {

struct Choice {
  bool streams_input = true;
  std::vector<bool> keeps;  // for each layer: whether its tensor is stored whole when first made
};

/// One layer in one pass, before it has a place.
struct PassLayer {
  int layer = 0;
  bool is_kept = false;  // whole
};

/// The passes of a choice, layers in the model's order, or nothing where a pass would need rows of
/// a streamed picture again or have too many steps. Tensors of one row are always kept.
std::optional<std::vector<std::vector<PassLayer>>> passes_of(const model::IntegerModel& model,
                                                             const Choice& choice);

}  // namespace coco_mcu::planning
