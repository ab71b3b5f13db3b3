// The one door between the program and the library that holds libtorch.
#pragma once

#include <filesystem>

#include "training/float_network.h"

namespace coco_mcu::training {

inline constexpr const char* kPluginFile = "libcoco_mcu_training_plugin.so";
inline constexpr const char* kOpenCheckpointEntry = "coco_mcu_open_float_checkpoint";
inline constexpr const char* kOpenNetworkEntry = "coco_mcu_open_float_network";

/// The caller owns what it gets. Throws std::runtime_error where the checkpoint is not one.
using OpenCheckpoint = FloatNetwork*(const std::filesystem::path& checkpoint);

/// The same for a description and tensors in memory.
using OpenNetwork = FloatNetwork*(const network::Network& description,
                                  const network::Checkpoint& checkpoint);

}  // namespace coco_mcu::training
