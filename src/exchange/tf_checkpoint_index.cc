#include "exchange/tf_checkpoint_index.h"

#include <string>

#include <fmt/format.h>

#include "exchange/refusal.h"
#include "exchange/sorted_table.h"
#include "tensor_bundle.pb.h"

namespace coco_mcu::exchange {
namespace {

constexpr int kFormatVersion = 1;     // kTensorBundleVersion of TensorFlow 1 and 2
constexpr int kMostShards = 100'000;  // their numbers have five digits

std::size_t read_header(const TableEntry& first, std::string_view file) {
  proto::BundleHeaderProto header;
  if (!first.key.empty() || !header.ParseFromString(first.value)) {
    fail(file, "a sorted table, but not of a TensorFlow checkpoint (no header); give another file");
  }
  if (header.endianness() != proto::BundleHeaderProto::LITTLE) {
    fail(file, "written on a big-endian machine; save it again on a little-endian one");
  }
  if (header.version().min_consumer() > kFormatVersion) {
    fail(file, fmt::format("needs a reader of format {}, this one reads {}; save it with an older "
                           "TensorFlow",
                           header.version().min_consumer(), kFormatVersion));
  }
  if (header.num_shards() < 1 || header.num_shards() > kMostShards) {
    fail(file,
         fmt::format("its header promises {} data files; save it again", header.num_shards()));
  }
  return static_cast<std::size_t>(header.num_shards());
}

/// "DT_HALF", or the number of a type newer than this list.
std::string type_name(proto::DataType type) {
  const std::string& name = proto::DataType_Name(type);
  return name.empty() ? fmt::format("data type {}", static_cast<int>(type)) : name;
}

TfEntry read_entry(const TableEntry& from, std::size_t shards, std::string_view file) {
  proto::BundleEntryProto stored;
  if (!stored.ParseFromString(from.value)) {
    fail(file, fmt::format("the entry of variable {} is damaged; save it again", from.key));
  }
  TfEntry entry;
  entry.name = from.key;
  entry.dtype = type_name(stored.dtype());
  for (const auto& dimension : stored.shape().dim()) entry.shape.push_back(dimension.size());
  const bool known = !stored.shape().unknown_rank() && network::element_count(entry.shape);
  if (!known) {
    fail(file, fmt::format("variable {} has no definite shape; save it again", from.key));
  }
  const auto shard = static_cast<std::uint32_t>(stored.shard_id());
  if (shard >= shards || stored.offset() < 0 || stored.size() < 0) {
    fail(file, fmt::format("variable {} lies in data file {} of {} at {}; save it again", from.key,
                           stored.shard_id(), shards, stored.offset()));
  }
  entry.shard = shard;
  entry.offset = static_cast<std::uint64_t>(stored.offset());
  entry.size = static_cast<std::uint64_t>(stored.size());
  entry.masked_checksum = stored.crc32c();
  entry.partitioned = stored.slices_size() > 0;
  return entry;
}

}  // namespace

TfIndex read_tf_index(std::span<const std::uint8_t> bytes, std::string_view file) {
  const std::vector<TableEntry> table = read_sorted_table(bytes, file);
  if (table.empty()) fail(file, "holds no entries; save it again");
  TfIndex index;
  index.shards = read_header(table.front(), file);
  for (const TableEntry& entry : std::span(table).subspan(1)) {
    // Keys that begin with a zero byte are the slices of partitioned variables.
    if (entry.key.front() == '\0') continue;
    index.entries.push_back(read_entry(entry, index.shards, file));
  }
  return index;
}

}  // namespace coco_mcu::exchange
