// Headers that tell emitted sources what one model needs: see core/uses.h.
#pragma once

#include "firmware/new_folder.h"
#include "model/model_file.h"

namespace coco_mcu::firmware {

/// Writes what takes the place of core/uses.h and kernels/used_convolutions.h.
void write_used_code(const model::ModelFile& model, const NewFolder& folder);

}  // namespace coco_mcu::firmware
