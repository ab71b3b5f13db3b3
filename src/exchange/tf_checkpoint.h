// Reads TensorFlow's checkpoints ("tensor bundles", as tf.train.Saver writes them): PREFIX.index, a
// sorted table from names to places, and PREFIX.data-0000I-of-0000N, the tensors' little-endian
// bytes. Format: tensorflow/core/util/tensor_bundle/tensor_bundle.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "network/checkpoint_tensor.h"

namespace coco_mcu::exchange {

struct TfEntry {
  std::string name;                 // "first_layer/Conv3x3/kernel"
  std::string dtype;                // TensorFlow's name of it: "DT_FLOAT"
  std::vector<std::int64_t> shape;  // in TensorFlow's order; empty for a single number
  // Where it lies.
  std::size_t shard = 0;
  std::uint64_t offset = 0;  // bytes
  std::uint64_t size = 0;    // bytes
  std::uint32_t masked_checksum = 0;
  bool partitioned = false;  // stored in slices under other keys
};

struct TfShard {
  std::string file_name;  // without folders
  std::vector<std::uint8_t> bytes;
};

class TfCheckpoint {
 public:
  /// `path` is the prefix, the .index file, or a folder with a state file "checkpoint" or a single
  /// .index file. Index and shards are read at once. Throws std::runtime_error naming the file, the
  /// reason and the remedy.
  static TfCheckpoint open(const std::filesystem::path& path);

  /// The same from memory; `name` is the prefix in messages and in name().
  static TfCheckpoint from_bytes(std::string name, std::span<const std::uint8_t> index,
                                 std::vector<TfShard> shards);

  /// The prefix without folders: "graph.ckpt".
  const std::string& name() const { return name_; }
  /// All variables in ascending order of their names, whatever their type.
  const std::vector<TfEntry>& entries() const { return entries_; }
  const std::vector<TfShard>& shards() const { return shards_; }

  /// A variable's values in TensorFlow's order, its checksum verified. Throws std::runtime_error
  /// where there is none of that name, or it is not a whole tensor of float32, or is damaged.
  network::Tensor read(std::string_view variable) const;

 private:
  TfCheckpoint(std::string name, std::vector<TfEntry> entries, std::vector<TfShard> shards);

  std::string name_;
  std::vector<TfEntry> entries_;
  std::vector<TfShard> shards_;
};

}  // namespace coco_mcu::exchange
