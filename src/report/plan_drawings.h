// Drawings of plans, as the command line writes them and a page shows them.
#pragma once

#include <string>
#include <vector>

#include "planning/planner.h"

namespace coco_mcu::report {

/// Peak RAM of every plan of each front against its work. SVG.
std::string front_svg(const std::string& network, const std::vector<planning::ParetoFront>& fronts);

/// Which buffer lies where and when. SVG.
std::string plan_svg(const std::string& network, const planning::PlannedModel& planned);

}  // namespace coco_mcu::report
