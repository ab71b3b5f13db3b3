// Writes sorted tables and TensorFlow checkpoints, so that tests and fuzzing need no foreign files
// and can make every kind of wrong one. See sorted_table.h for the layout.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/crc32c.h"
#include "exchange/sorted_table.h"
#include "exchange/tf_checkpoint.h"
#include "tensor_bundle.pb.h"

namespace coco_mcu::exchange::testing {

using Bytes = std::vector<std::uint8_t>;

inline void put_varint(Bytes& bytes, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) bytes.push_back(static_cast<std::uint8_t>(number | 0x80));
  bytes.push_back(static_cast<std::uint8_t>(number));
}

inline void put32(Bytes& bytes, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<std::uint8_t>(number >> shift));
  }
}

/// The contents of a block; every `restart_interval`-th key is stored in full.
inline Bytes block_of(std::span<const TableEntry> entries, std::size_t restart_interval = 4) {
  Bytes block;
  std::vector<std::uint32_t> restarts;
  std::string_view previous;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string_view key = entries[i].key;
    if (i % restart_interval == 0) {
      restarts.push_back(static_cast<std::uint32_t>(block.size()));
      previous = "";
    }
    const auto shared =
        static_cast<std::size_t>(std::ranges::mismatch(previous, key).in2 - key.begin());
    put_varint(block, shared);
    put_varint(block, key.size() - shared);
    put_varint(block, entries[i].value.size());
    block.insert(block.end(), key.begin() + static_cast<std::ptrdiff_t>(shared), key.end());
    block.insert(block.end(), entries[i].value.begin(), entries[i].value.end());
    previous = key;
  }
  for (const std::uint32_t restart : restarts) put32(block, restart);
  put32(block, static_cast<std::uint32_t>(restarts.size()));
  return block;
}

/// Appends a block with a right trailer to a file; its handle, as varints.
inline std::string append_block(Bytes& file, const Bytes& block, std::uint8_t compression = 0) {
  Bytes handle;
  put_varint(handle, file.size());
  put_varint(handle, block.size());
  Bytes with_type = block;
  with_type.push_back(compression);
  file.insert(file.end(), with_type.begin(), with_type.end());
  put32(file, core::masked_crc32c(core::crc32c(with_type)));
  return {handle.begin(), handle.end()};
}

/// Closes a file of data blocks: meta index, index with this block, footer.
inline Bytes close_table(Bytes file, const Bytes& index_block) {
  const std::string meta = append_block(file, block_of({}));
  const std::string index = append_block(file, index_block);
  const std::string handles = meta + index;
  file.insert(file.end(), handles.begin(), handles.end());
  file.resize(file.size() + 40 - handles.size());
  put32(file, static_cast<std::uint32_t>(kSortedTableMagic));
  put32(file, static_cast<std::uint32_t>(kSortedTableMagic >> 32));
  return file;
}

/// A table of these entries, at most `block_entries` in a block.
inline Bytes table_of(std::span<const TableEntry> entries, std::size_t block_entries = 3) {
  Bytes file;
  std::vector<TableEntry> index;
  for (std::size_t first = 0; first < entries.size(); first += block_entries) {
    const auto part = entries.subspan(first, std::min(block_entries, entries.size() - first));
    index.push_back({part.back().key, append_block(file, block_of(part))});
  }
  return close_table(std::move(file), block_of(index));
}

/// Builds a checkpoint in memory. Entries and header may be changed before finish().
class BundleWriter {
 public:
  explicit BundleWriter(int shards = 1) : shard_bytes_(static_cast<std::size_t>(shards)) {
    header.set_num_shards(shards);
  }

  void add(const std::string& name, const std::vector<std::int64_t>& shape,
           const std::vector<float>& values, int shard = 0) {
    Bytes& bytes = shard_bytes_[static_cast<std::size_t>(shard)];
    Bytes tensor(values.size() * sizeof(float));
    if (!tensor.empty()) std::memcpy(tensor.data(), values.data(), tensor.size());
    proto::BundleEntryProto& entry = entries[name];
    entry.set_dtype(proto::DT_FLOAT);
    for (const std::int64_t size : shape) entry.mutable_shape()->add_dim()->set_size(size);
    entry.set_shard_id(shard);
    entry.set_offset(static_cast<std::int64_t>(bytes.size()));
    entry.set_size(static_cast<std::int64_t>(tensor.size()));
    entry.set_crc32c(core::masked_crc32c(core::crc32c(tensor)));
    bytes.insert(bytes.end(), tensor.begin(), tensor.end());
  }

  Bytes index() const {
    std::vector<TableEntry> table = {{"", header.SerializeAsString()}};
    for (const auto& [name, entry] : entries) table.push_back({name, entry.SerializeAsString()});
    return table_of(table);
  }
  std::vector<TfShard> shards() const {
    std::vector<TfShard> shards;
    for (const Bytes& bytes : shard_bytes_) {
      shards.push_back({"data-" + std::to_string(shards.size()), bytes});
    }
    return shards;
  }
  TfCheckpoint finish() const { return TfCheckpoint::from_bytes("test.ckpt", index(), shards()); }

  proto::BundleHeaderProto header;
  std::map<std::string, proto::BundleEntryProto> entries;

 private:
  std::vector<Bytes> shard_bytes_;
};

}  // namespace coco_mcu::exchange::testing
