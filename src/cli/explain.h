// A picture of what a decision rests on.
#pragma once

#include <filesystem>
#include <string>

#include "training/float_network.h"

namespace coco_mcu::cli {

/// Writes a PNG with the picture and, beside it, drawn over it, the masks of the attention branches
/// or, where no mask depends on the place, the class evidence of the last feature map. What it
/// shows is also said on stderr.
void explain_picture(const training::FloatNetwork& network, const std::filesystem::path& picture,
                     const std::string& png);

}  // namespace coco_mcu::cli
