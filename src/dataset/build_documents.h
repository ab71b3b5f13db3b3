// What stands beside the shards of a data set, as JSON.
#pragma once

#include <ostream>
#include <span>
#include <string>

#include "dataset/build_journal.h"
#include "dataset/build_plan.h"

namespace coco_mcu::dataset {

/// annotations.json: COCO's images, annotations and categories, one picture or object per line.
/// Category 1 is the class, 0 everything else and what is too small. A picture of the class without
/// boxes has one annotation that covers all of it.
void write_annotations(std::ostream& file, const BuildOptions& options, const BuildPlan& plan,
                       std::span<const PictureOutcome> outcomes);

/// dataset.json: rule, sources, counts and lists of what was left out.
std::string describe_build(const BuildOptions& options, const BuildPlan& plan,
                           std::span<const PictureOutcome> outcomes);

/// The example of a kept picture, without its bytes.
Example kept_example(const PlannedPicture& picture, const PictureOutcome& outcome);

}  // namespace coco_mcu::dataset
