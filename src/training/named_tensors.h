// Tensors by name: what a part of the training holds beside its options, to be saved and restored
// bit by bit.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "network/checkpoint_tensor.h"
#include "training/network_module.h"

namespace coco_mcu::training {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// The module's parameters and buffers; they share its memory.
NamedTensors tensors_of(const NetworkModule& module);

/// Copies tensors to `saved` under "PART/NAME". All are float32.
void save(const std::string& part, const NamedTensors& tensors, network::Tensors& saved);

/// Copies what `save` has saved into tensors of the same names. Throws std::runtime_error naming
/// the first that is missing or of another shape.
void restore(const std::string& part, const network::Tensors& saved, const NamedTensors& tensors);

/// Copies tensors of the same name where the shapes differ, too: the part that both have. A
/// kernel's channels that `from` has do not read the inputs that it has not, so that what they
/// compute stays the same. Returns how many tensors were cut or widened.
int copy_overlap(const network::Tensors& from, const NamedTensors& to);

/// Copies tensors of the same name and shape; those of `to` that `from` lacks stay as they are.
void copy_shared(const network::Tensors& from, const NamedTensors& to);

}  // namespace coco_mcu::training
