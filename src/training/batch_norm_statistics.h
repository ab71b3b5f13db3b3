// Running statistics of batch norm that belong to the weights as they are now.
#pragma once

#include <cstdint>
#include <functional>

#include "training/network_module.h"

namespace coco_mcu::training {

/// Replaces the running statistics by their plain mean over `batches` batches: weights that jump
/// between levels, or are averages, leave behind those that training has followed. `pictures(i)`
/// gives the normalized pictures of batch i; `mode` is that of training but for the momentum and
/// the key of the dropout. The module is left in evaluation mode.
void reestimate_batch_norm(NetworkModule& module, NetworkModule::Mode mode, std::int64_t batches,
                           const std::function<torch::Tensor(std::int64_t)>& pictures);

}  // namespace coco_mcu::training
