// Drawings of plans, as plan writes them into files and report onto its page.
#pragma once

#include <string>
#include <vector>

#include "model/integer_model.h"
#include "planning/planner.h"

namespace coco_mcu::cli {

/// Peak RAM of every plan of each front against its work. SVG.
std::string front_svg(const model::IntegerModel& model,
                      const std::vector<planning::ParetoFront>& fronts);

/// Which buffer lies where and when. SVG.
std::string plan_svg(const model::IntegerModel& model, const planning::PlannedModel& planned);

}  // namespace coco_mcu::cli
