// The index of a TensorFlow checkpoint: its header and its entries, decoded.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "exchange/tf_checkpoint.h"

namespace coco_mcu::exchange {

struct TfIndex {
  std::size_t shards = 0;
  std::vector<TfEntry> entries;  // ascending by name
};

/// Refuses big-endian checkpoints, newer formats and entries that cannot be. Throws
/// std::runtime_error; `file` stands in front of the reason.
TfIndex read_tf_index(std::span<const std::uint8_t> bytes, std::string_view file);

}  // namespace coco_mcu::exchange
