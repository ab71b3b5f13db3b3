#include "exchange/import_tf.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/crc32c.h"
#include "exchange/import_tf_names.h"

namespace coco_mcu::exchange {
namespace {

using network::Network;
using network::shape_text;
using network::Tensor;

using Shapes = std::map<std::string, std::vector<std::int64_t>, std::less<>>;

/// The renaming whose components `path` begins with; nothing where there is none.
const Renaming* match(std::string_view path, std::span<const Renaming> renamings) {
  const auto begins = [path](const Renaming& each) {
    return path.starts_with(each.theirs) &&
           (path.size() == each.theirs.size() || path[each.theirs.size()] == '/');
  };
  const auto found = std::ranges::find_if(renamings, begins);
  return found == renamings.end() ? nullptr : &*found;
}

/// Our name of a variable; nothing where some part of its path is unknown.
std::optional<std::string> translate(std::string_view path, const TfOriginal& original) {
  std::string name;
  for (std::span<const Renaming> rules = original.scopes; !path.empty(); rules = part_renamings()) {
    const Renaming* rule = match(path, rules);
    if (rule == nullptr) return std::nullopt;
    if (!name.empty()) name += '.';
    name += rule->ours;
    path.remove_prefix(std::min(path.size(), rule->theirs.size() + 1));
  }
  return name;
}

/// Dimension d of the result is dimension order[d] of `from`.
Tensor transpose(const Tensor& from, const std::array<std::size_t, 4>& order) {
  std::array<std::int64_t, 4> stride{};  // of the result's dimensions in `from`
  Tensor to;
  for (std::size_t d = 0; d < 4; ++d) {
    to.shape.push_back(from.shape[order[d]]);
    stride[d] = 1;
    for (std::size_t inner = order[d] + 1; inner < 4; ++inner) stride[d] *= from.shape[inner];
  }
  to.values.reserve(from.values.size());
  for (std::int64_t a = 0; a < to.shape[0]; ++a) {
    for (std::int64_t b = 0; b < to.shape[1]; ++b) {
      for (std::int64_t c = 0; c < to.shape[2]; ++c) {
        for (std::int64_t d = 0; d < to.shape[3]; ++d) {
          to.values.push_back(
              from.values[a * stride[0] + b * stride[1] + c * stride[2] + d * stride[3]]);
        }
      }
    }
  }
  return to;
}

/// A variable in our order of dimensions.
Tensor in_our_order(const TfCheckpoint& source, std::string_view variable) {
  constexpr std::array<std::size_t, 4> kKernel = {3, 2, 0, 1};     // [h, w, in, out]
  constexpr std::array<std::size_t, 4> kDepthwise = {2, 3, 0, 1};  // [h, w, channels, 1]
  Tensor tensor = source.read(variable);
  if (tensor.shape.size() != 4) return tensor;
  return transpose(tensor, variable.ends_with("/depthwise_kernel") ? kDepthwise : kKernel);
}

/// What the network has places for: its parameters, and single numbers for the range of each
/// possible quantizer.
Shapes places(const Network& network) {
  Shapes shapes;
  for (const network::Parameter& parameter : network::parameters(network)) {
    shapes[parameter.name] = parameter.shape;
  }
  for (const network::Node& node : network.nodes) {
    for (const char* quantizer : {"weight_quantizer", "output_quantizer"}) {
      shapes[fmt::format("{}.{}.min", node.name, quantizer)] = {};
      shapes[fmt::format("{}.{}.max", node.name, quantizer)] = {};
    }
  }
  return shapes;
}

/// Moves the ranges of output quantizers to where the original graph has them.
void move_quantizers(const TfOriginal& original, network::Tensors& tensors) {
  for (const MovedQuantizer& moved : original.moved_quantizers) {
    for (const char* bound : {"min", "max"}) {
      auto node = tensors.extract(fmt::format("{}.output_quantizer.{}", moved.from, bound));
      if (node.empty()) continue;
      for (float& value : node.mapped().values) value /= moved.divisor;
      node.key() = fmt::format("{}.output_quantizer.{}", moved.to, bound);
      tensors.insert(std::move(node));
    }
  }
}

std::map<std::string, std::string> provenance(const TfCheckpoint& source) {
  std::map<std::string, std::string> facts = {
      {"created_by", network::created_by()},
      {"source", "TensorFlow checkpoint " + source.name()},
  };
  for (const TfShard& shard : source.shards()) {
    facts["source " + shard.file_name] =
        fmt::format("{} bytes, CRC-32C {:08x}", shard.bytes.size(), core::crc32c(shard.bytes));
  }
  return facts;
}

void check_complete(const TfCheckpoint& source, const Network& network,
                    const network::Tensors& tensors) {
  for (const network::Parameter& parameter : network::parameters(network)) {
    if (tensors.contains(parameter.name)) continue;
    throw std::runtime_error(
        fmt::format("{}: no variable for {} {} of network {}; give a checkpoint of that network",
                    source.name(), parameter.name, shape_text(parameter.shape), network.name));
  }
}

}  // namespace

ImportReport import_tensorflow(const TfCheckpoint& source, const Network& network) {
  const TfOriginal* original = find_tf_original(network.name);
  if (original == nullptr) {
    throw std::runtime_error(
        fmt::format("network {}: names of its TensorFlow variables are not known; add them to "
                    "import_tf_names.cc",
                    network.name));
  }
  const Shapes shapes = places(network);
  ImportReport report;
  network::Tensors& tensors = report.checkpoint.tensors;
  for (const TfEntry& entry : source.entries()) {
    const std::optional<std::string> name = translate(entry.name, *original);
    const auto place = name ? shapes.find(*name) : shapes.end();
    if (place == shapes.end()) {
      report.unplaced.push_back(entry.name);
      continue;
    }
    Tensor tensor = in_our_order(source, entry.name);
    if (tensor.shape != place->second) {
      throw std::runtime_error(fmt::format(
          "{}: variable {} {} becomes {}, {} of network {} is {}; give a checkpoint of that "
          "network",
          source.name(), entry.name, shape_text(entry.shape), shape_text(tensor.shape), *name,
          network.name, shape_text(place->second)));
    }
    if (!tensors.emplace(*name, std::move(tensor)).second) {
      throw std::runtime_error(
          fmt::format("{}: variable {} is the second for {}; give a checkpoint "
                      "of one network",
                      source.name(), entry.name, *name));
    }
  }
  move_quantizers(*original, tensors);
  check_complete(source, network, tensors);
  report.checkpoint.network = network.name;
  report.checkpoint.preprocessing = original->preprocessing;
  report.checkpoint.labels = network.labels;
  report.checkpoint.quantization = original->quantization;
  report.checkpoint.provenance = provenance(source);
  return report;
}

}  // namespace coco_mcu::exchange
