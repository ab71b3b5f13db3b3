// Integer models of networks that nobody trained: the work is the same.
#pragma once

#include <string>

#include "model/model_file.h"
#include "network/checkpoint.h"

namespace coco_mcu {

/// The checkpoint's whole network at a policy of lowering::choose_formats. Ranges do not change the
/// work, so all are the same.
model::ModelFile lower_untrained(const network::Checkpoint& checkpoint, const std::string& policy);

}  // namespace coco_mcu
