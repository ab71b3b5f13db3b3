// From a float checkpoint to a module and back.
#pragma once

#include <memory>

#include "network/checkpoint.h"
#include "training/network_module.h"

namespace coco_mcu::training {

/// The module of the checkpoint's network with the checkpoint's quantizers and tensors. Throws
/// std::runtime_error that names the first tensor that is missing or does not fit, and the remedy.
std::shared_ptr<NetworkModule> load_module(const network::Checkpoint& checkpoint);

/// The same for a network that is not in the zoo: the checkpoint's tensors are those of
/// `description`, and so are the nodes of its quantizers.
std::shared_ptr<NetworkModule> load_module(network::Network description,
                                           const network::Checkpoint& checkpoint);

/// The module's parameters and buffers by name.
network::Tensors state_of(const NetworkModule& module);

}  // namespace coco_mcu::training
