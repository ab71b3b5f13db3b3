// The pickle (protocol 2) inside a PyTorch file: a dict from names to tensors, whose numbers lie in
// other entries of the archive. Opcodes: CPython's Lib/pickletools.py.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coco_mcu::network {

/// A float32 tensor as the pickle describes it: a window into a storage of the archive.
struct TensorRecord {
  std::string name;
  std::string storage;                // entry data/<storage> holds the numbers
  std::int64_t storage_elements = 0;  // float32 numbers in that entry
  std::int64_t offset = 0;            // of the first number, in elements
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> stride;  // in elements, one for each dimension
};

/// Reads what torch.save writes for a state dict (dict or OrderedDict) of float32 tensors. Nothing
/// is ever executed: the only globals known are OrderedDict, _rebuild_tensor_v2 and FloatStorage;
/// all else is refused by name. Numbers are not checked against the storages. Throws
/// std::runtime_error; `file` stands in front of the reason.
std::vector<TensorRecord> read_state_dict(std::span<const std::uint8_t> pickle,
                                          std::string_view file);

/// The pickle of a dict of these tensors, in this order.
std::vector<std::uint8_t> write_state_dict(std::span<const TensorRecord> tensors);

}  // namespace coco_mcu::network
