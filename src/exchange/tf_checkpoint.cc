#include "exchange/tf_checkpoint.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "core/crc32c.h"
#include "exchange/tf_checkpoint_index.h"
#include "network/checkpoint_files.h"

namespace coco_mcu::exchange {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

constexpr std::string_view kIndexSuffix = ".index";
constexpr std::string_view kStateFile = "checkpoint";

/// The prefix that the state file of a folder calls the latest: the line
/// model_checkpoint_path: "graph.ckpt"
fs::path latest_of_state_file(const fs::path& state_file) {
  const std::vector<std::uint8_t> bytes = network::read_file(state_file);
  std::istringstream lines(std::string(bytes.begin(), bytes.end()));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t open = line.find('"');
    const std::size_t close = line.rfind('"');
    if (line.starts_with("model_checkpoint_path:") && open < close) {
      const fs::path prefix = line.substr(open + 1, close - open - 1);
      // Absolute paths are those of the machine that wrote it; the files may have moved since.
      return state_file.parent_path() / (prefix.is_absolute() ? prefix.filename() : prefix);
    }
  }
  throw std::runtime_error(fmt::format(
      "{}: no state file of TensorFlow; give the prefix of the checkpoint", state_file.string()));
}

fs::path prefix_in_folder(const fs::path& folder) {
  if (fs::exists(folder / kStateFile)) return latest_of_state_file(folder / kStateFile);
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == kIndexSuffix) found.push_back(entry.path());
  }
  if (found.size() != 1) {
    throw std::runtime_error(
        fmt::format("{}: holds {} TensorFlow checkpoints; give the prefix of one, such as {}",
                    folder.string(), found.size(), (folder / "model.ckpt").string()));
  }
  return found[0].replace_extension();
}

fs::path prefix_of(const fs::path& path) {
  if (fs::is_directory(path)) return prefix_in_folder(path);
  if (path.extension() == kIndexSuffix) return fs::path(path).replace_extension();
  return path;
}

TfShard read_shard(const fs::path& prefix, std::size_t shard, std::size_t shards) {
  const fs::path path = fmt::format("{}.data-{:05}-of-{:05}", prefix.string(), shard, shards);
  if (!fs::exists(path)) {
    throw std::runtime_error(
        fmt::format("{}: missing, and tensors lie in it; copy all {} data files of the checkpoint",
                    path.string(), shards));
  }
  return {path.filename().string(), network::read_file(path)};
}

}  // namespace

TfCheckpoint::TfCheckpoint(std::string name, std::vector<TfEntry> entries,
                           std::vector<TfShard> shards)
    : name_(std::move(name)), entries_(std::move(entries)), shards_(std::move(shards)) {}

TfCheckpoint TfCheckpoint::open(const fs::path& path) {
  const fs::path prefix = prefix_of(path);
  const fs::path index_file = prefix.string() + std::string(kIndexSuffix);
  if (!fs::exists(index_file)) {
    throw std::runtime_error(
        fmt::format("{}: there is no {}; give the prefix of a TensorFlow checkpoint, such as "
                    "graph.ckpt for graph.ckpt.index",
                    path.string(), index_file.string()));
  }
  TfIndex index = read_tf_index(network::read_file(index_file), index_file.string());
  std::vector<TfShard> shards;
  for (std::size_t shard = 0; shard < index.shards; ++shard) {
    shards.push_back(read_shard(prefix, shard, index.shards));
  }
  return {prefix.filename().string(), std::move(index.entries), std::move(shards)};
}

TfCheckpoint TfCheckpoint::from_bytes(std::string name, std::span<const std::uint8_t> index,
                                      std::vector<TfShard> shards) {
  TfIndex decoded = read_tf_index(index, name + std::string(kIndexSuffix));
  if (decoded.shards != shards.size()) {
    throw std::runtime_error(
        fmt::format("{}: {} data files for an index that promises {}; give "
                    "all of them",
                    name, shards.size(), decoded.shards));
  }
  return {std::move(name), std::move(decoded.entries), std::move(shards)};
}

network::Tensor TfCheckpoint::read(std::string_view variable) const {
  const auto entry = std::ranges::lower_bound(entries_, variable, {}, &TfEntry::name);
  const auto fail = [&](const std::string& reason) {
    throw std::runtime_error(fmt::format("{}: variable {} {}", name_, variable, reason));
  };
  if (entry == entries_.end() || entry->name != variable) fail("is not in the checkpoint");
  if (entry->partitioned) fail("is stored in slices; save it without a partitioner");
  if (entry->dtype != "DT_FLOAT") fail(fmt::format("is {}; only DT_FLOAT is read", entry->dtype));
  const TfShard& shard = shards_[entry->shard];
  const auto elements = static_cast<std::uint64_t>(*network::element_count(entry->shape));
  if (entry->size != elements * sizeof(float)) {
    fail(fmt::format("of shape {} has {} bytes; save it again", network::shape_text(entry->shape),
                     entry->size));
  }
  if (entry->offset > shard.bytes.size() || entry->size > shard.bytes.size() - entry->offset) {
    fail(fmt::format("lies beyond the end of {}, which is cut short; copy that file again",
                     shard.file_name));
  }
  const auto bytes = std::span(shard.bytes).subspan(entry->offset, entry->size);
  if (core::masked_crc32c(core::crc32c(bytes)) != entry->masked_checksum) {
    fail(fmt::format("is damaged (wrong checksum) in {}; copy that file again", shard.file_name));
  }
  network::Tensor tensor{entry->shape, std::vector<float>(elements)};
  if (elements > 0) std::memcpy(tensor.values.data(), bytes.data(), bytes.size());
  return tensor;
}

}  // namespace coco_mcu::exchange
