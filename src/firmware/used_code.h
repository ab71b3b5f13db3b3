// Headers that tell emitted sources what one model needs: see core/uses.h.
#pragma once

#include <string>

#include "model/model_file.h"

namespace coco_mcu::firmware {

/// What takes the place of core/uses.h.
std::string uses_header(const model::ModelFile& model);

/// What takes the place of kernels/used_convolutions.h.
std::string used_convolutions_header(const model::View& model);

}  // namespace coco_mcu::firmware
