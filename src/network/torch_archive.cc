#include "network/torch_archive.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "network/torch_archive_pickle.h"
#include "network/torch_archive_zip.h"

namespace coco_mcu::network {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

constexpr std::string_view kFolder = "weights/";
constexpr std::string_view kPickleEntry = "data.pkl";

using Entries = std::unordered_map<std::string, std::span<const std::uint8_t>>;

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::span<const std::uint8_t> bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(float)};
}

/// Strides of a tensor whose last dimension runs fastest, without gaps.
std::vector<std::int64_t> contiguous_stride(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> stride(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) {
    stride[d - 1] = stride[d] * std::max<std::int64_t>(shape[d], 1);
  }
  return stride;
}

bool is_contiguous(const TensorRecord& record) {
  const std::vector<std::int64_t> expected = contiguous_stride(record.shape);
  for (std::size_t d = 0; d < expected.size(); ++d) {
    // The stride of a dimension of one element is never used.
    if (record.shape[d] > 1 && record.stride[d] != expected[d]) return false;
  }
  return true;
}

/// The entries of the folder that holds data.pkl; torch.save names it after the file.
Entries entries_beside_pickle(std::span<const std::uint8_t> bytes, std::string_view file) {
  const std::vector<ZipEntry> all = read_zip(bytes, file);
  const auto is_pickle = [](const ZipEntry& entry) {
    return entry.name.ends_with("/data.pkl") &&
           entry.name.find('/') == entry.name.size() - kPickleEntry.size() - 1;
  };
  const auto pickle = std::ranges::find_if(all, is_pickle);
  if (pickle == all.end()) {
    throw std::runtime_error(
        fmt::format("{}: a zip archive without data.pkl, so no PyTorch file; save it with "
                    "torch.save(model.state_dict(), FILE)",
                    file));
  }
  const std::string folder = pickle->name.substr(0, pickle->name.size() - kPickleEntry.size());
  Entries entries;
  for (const ZipEntry& entry : all) {
    if (entry.name.starts_with(folder)) entries[entry.name.substr(folder.size())] = entry.data;
  }
  return entries;
}

void check_byte_order(const Entries& entries, std::string_view file) {
  const auto order = entries.find("byteorder");  // written since PyTorch 2.1
  if (order == entries.end() || std::ranges::equal(order->second, bytes_of("little"))) return;
  throw std::runtime_error(fmt::format(
      "{}: written on a big-endian machine; save it again on a little-endian one", file));
}

Tensor read_tensor(const TensorRecord& record, const Entries& entries, std::string_view file) {
  const auto fail = [&](std::string_view reason) {
    throw std::runtime_error(fmt::format("{}: tensor {} {}", file, record.name, reason));
  };
  const std::optional<std::int64_t> elements = element_count(record.shape);
  if (!elements) fail(fmt::format("has the impossible shape {}", shape_text(record.shape)));
  if (!is_contiguous(record)) fail("is not contiguous; save tensor.contiguous()");
  const auto entry = entries.find("data/" + record.storage);
  if (entry == entries.end()) fail("has lost its numbers; save the file again");
  const std::span<const std::uint8_t> data = entry->second;
  const auto held = static_cast<std::int64_t>(data.size() / sizeof(float));
  if (data.size() % sizeof(float) != 0 || held != record.storage_elements) {
    fail(fmt::format("needs a storage of {} numbers, the file has {}; save the file again",
                     record.storage_elements, held));
  }
  if (record.offset < 0 || record.offset > held || *elements > held - record.offset) {
    fail(fmt::format("of shape {} exceeds its storage of {} numbers; save the file again",
                     shape_text(record.shape), held));
  }
  Tensor tensor{record.shape, std::vector<float>(static_cast<std::size_t>(*elements))};
  if (!tensor.values.empty()) {
    std::memcpy(tensor.values.data(), data.data() + record.offset * sizeof(float),
                tensor.values.size() * sizeof(float));
  }
  return tensor;
}

}  // namespace

std::vector<std::uint8_t> write_torch_archive(const Tensors& tensors) {
  std::vector<TensorRecord> records;
  for (const auto& [name, tensor] : tensors) {
    const auto elements = static_cast<std::int64_t>(tensor.values.size());
    if (element_count(tensor.shape) != elements) {
      throw std::runtime_error(fmt::format("tensor {}: {} values do not fill the shape {}", name,
                                           elements, shape_text(tensor.shape)));
    }
    if (elements > std::numeric_limits<std::int32_t>::max()) {
      throw std::runtime_error(fmt::format("tensor {}: more than 2^31 numbers", name));
    }
    records.push_back({name, std::to_string(records.size()), elements, 0, tensor.shape,
                       contiguous_stride(tensor.shape)});
  }
  ZipWriter zip;
  const std::string folder(kFolder);
  zip.add(folder + std::string(kPickleEntry), write_state_dict(records));
  std::size_t storage = 0;
  for (const auto& [name, tensor] : tensors) {
    zip.add(fmt::format("{}data/{}", kFolder, storage++), bytes_of(tensor.values));
  }
  zip.add(folder + "version", bytes_of("3\n"));
  return zip.finish();
}

Tensors read_torch_archive(std::span<const std::uint8_t> bytes, std::string_view file) {
  const Entries entries = entries_beside_pickle(bytes, file);
  check_byte_order(entries, file);
  Tensors tensors;
  std::size_t total = 0;
  for (const TensorRecord& record : read_state_dict(entries.at(std::string(kPickleEntry)), file)) {
    const Tensor& tensor = tensors[record.name] = read_tensor(record, entries, file);
    // Tensors that share numbers would let a small file unfold into a large one.
    total += tensor.values.size() * sizeof(float);
    if (total > bytes.size()) {
      throw std::runtime_error(fmt::format(
          "{}: tensor {} shares its numbers with others; save tensor.clone()", file, record.name));
    }
  }
  return tensors;
}

}  // namespace coco_mcu::network
