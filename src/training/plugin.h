// The one door between the program and the library that holds libtorch.
#pragma once

#include <filesystem>

#include "training/float_network.h"
#include "training/training_task.h"

namespace coco_mcu::training {

inline constexpr const char* kPluginFile = "libcoco_mcu_training_plugin.so";
inline constexpr const char* kOpenCheckpointEntry = "coco_mcu_open_float_checkpoint";
inline constexpr const char* kOpenNetworkEntry = "coco_mcu_open_float_network";
inline constexpr const char* kTrainEntry = "coco_mcu_train";

/// The caller owns what it gets. Throws std::runtime_error where the checkpoint is not one.
using OpenCheckpoint = FloatNetwork*(const std::filesystem::path& checkpoint);

/// The same for a description and tensors in memory.
using OpenNetwork = FloatNetwork*(const network::Network& description,
                                  const network::Checkpoint& checkpoint);

/// training::train.
using Train = void(const TrainingTask& task, TrainingObserver& observer, TrainingResult& result);

/// The library's functions.
struct Plugin {
  OpenCheckpoint* open_checkpoint = nullptr;
  OpenNetwork* open_network = nullptr;
  Train* train = nullptr;
};

/// Loaded on first use and never unloaded: libtorch does not survive that. Throws
/// std::runtime_error where the library is missing or cannot be loaded.
const Plugin& plugin();

}  // namespace coco_mcu::training
