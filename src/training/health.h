// What an epoch's line says of a network's health.
#pragma once

#include <string>
#include <vector>

#include "training/network_module.h"
#include "training/oscillation.h"

namespace coco_mcu::training {

/// Findings, one a line, the worst layers by name; nothing where all is well. `oscillation` is null
/// where no weights are quantized. The saturation is that of the module's last watched pass.
std::vector<std::string> health(const NetworkModule& module, const OscillationGuard* oscillation);

}  // namespace coco_mcu::training
