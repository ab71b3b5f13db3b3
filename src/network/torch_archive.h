// weights.pt: the file that Python's torch.load opens as a dict from names to float32 tensors.
//
//   weights/data.pkl     the dict; each tensor refers to an entry of numbers
//   weights/data/0, 1..  float32, little-endian
//   weights/version      "3\n", the version of PyTorch's file format
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "network/checkpoint_tensor.h"

namespace coco_mcu::network {

/// The bytes of the file. The same tensors give the same bytes.
std::vector<std::uint8_t> write_torch_archive(const Tensors& tensors);

/// Reads such a file, whether written here or by torch.save (a state dict of contiguous float32
/// tensors; tensors that share their numbers are refused). Throws std::runtime_error naming `file`,
/// the tensor and the reason.
Tensors read_torch_archive(std::span<const std::uint8_t> bytes, std::string_view file);

}  // namespace coco_mcu::network
