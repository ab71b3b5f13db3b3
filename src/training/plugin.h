// The one door between the program and the library that holds libtorch.
#pragma once

#include <filesystem>

#include "training/float_network.h"

namespace coco_mcu::training {

inline constexpr const char* kPluginFile = "libcoco_mcu_training_plugin.so";
inline constexpr const char* kPluginEntry = "coco_mcu_open_float_network";

/// The caller owns what it gets. Throws std::runtime_error where the checkpoint is not one.
using OpenFloatNetwork = FloatNetwork*(const std::filesystem::path& checkpoint);

}  // namespace coco_mcu::training
