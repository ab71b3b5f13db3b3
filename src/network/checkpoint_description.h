// checkpoint.json: what a checkpoint says about itself beside its tensors.
#pragma once

#include <string>
#include <string_view>

#include "network/checkpoint.h"

namespace coco_mcu::network {

/// The JSON text. Throws std::runtime_error where a text is not UTF-8.
std::string describe(const Checkpoint& checkpoint);

/// A checkpoint without its tensors. Throws std::runtime_error naming `file`, the key, the reason
/// and the remedy.
Checkpoint parse_description(std::string_view text, std::string_view file);

}  // namespace coco_mcu::network
