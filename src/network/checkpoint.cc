#include "network/checkpoint.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "network/checkpoint_description.h"
#include "network/checkpoint_files.h"
#include "network/torch_archive.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::network {

std::string created_by() {
  return "coco-mcu " COCO_MCU_VERSION;
}

Network network_of(const Checkpoint& checkpoint) {
  return checkpoint.own_network ? *checkpoint.own_network : zoo_entry(checkpoint.network).build();
}

Checkpoint parse_checkpoint(std::string_view description, std::span<const std::uint8_t> weights,
                            std::string_view folder) {
  Checkpoint checkpoint =
      parse_description(description, fmt::format("{}/{}", folder, kDescriptionFile));
  checkpoint.tensors = read_torch_archive(weights, fmt::format("{}/{}", folder, kWeightsFile));
  return checkpoint;
}

Checkpoint read_checkpoint(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) {
    throw std::runtime_error(
        fmt::format("{}: no checkpoint there; a checkpoint is a folder with {} and {}",
                    folder.string(), kDescriptionFile, kWeightsFile));
  }
  const std::vector<std::uint8_t> description = read_file(folder / kDescriptionFile);
  const std::vector<std::uint8_t> weights = read_file(folder / kWeightsFile);
  return parse_checkpoint(std::string(description.begin(), description.end()), weights,
                          folder.string());
}

void write_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& folder) {
  const std::string description = describe(checkpoint);
  write_folder(folder, {{std::string(kDescriptionFile), {description.begin(), description.end()}},
                        {std::string(kWeightsFile), write_torch_archive(checkpoint.tensors)}});
}

namespace {

void check_tensor(const Checkpoint& checkpoint, const Network& network, const NamedShape& wanted,
                  const std::string& remedy) {
  const auto found = checkpoint.tensors.find(wanted.name);
  if (found == checkpoint.tensors.end()) {
    throw std::runtime_error(fmt::format("checkpoint lacks tensor {} {} of network {}; {}",
                                         wanted.name, shape_text(wanted.shape), network.name,
                                         remedy));
  }
  if (found->second.shape != wanted.shape) {
    throw std::runtime_error(fmt::format("checkpoint tensor {} is {}, network {} needs {}; {}",
                                         wanted.name, shape_text(found->second.shape), network.name,
                                         shape_text(wanted.shape), remedy));
  }
}

const Node& quantized_node(const Quantizer& quantizer, const Network& network,
                           const std::string& remedy) {
  const auto node = std::ranges::find(network.nodes, quantizer.node, &Node::name);
  if (node == network.nodes.end()) {
    throw std::runtime_error(
        fmt::format("checkpoint quantizes {}, a node that network {} has not; {}", quantizer.node,
                    network.name, remedy));
  }
  const bool has_kernel = node->op == Op::kConv || node->op == Op::kDepthwiseConv;
  if (quantizer.tensor == QuantizedTensor::kWeight && !has_kernel) {
    throw std::runtime_error(
        fmt::format("checkpoint quantizes the weights of {}, a node of network {} without any; {}",
                    quantizer.node, network.name, remedy));
  }
  return *node;
}

}  // namespace

void check_fits(const Checkpoint& checkpoint, const Network& network) {
  const std::string remedy =
      fmt::format("take a checkpoint of {}, or train or import one", network.name);
  if (checkpoint.network != network.name) {
    throw std::runtime_error(fmt::format("checkpoint holds network {}, not {}; {}",
                                         checkpoint.network, network.name, remedy));
  }
  const Shape& input = network.input().output;
  const core::Preprocessing& size = checkpoint.preprocessing;
  if (size.height != input.height || size.width != input.width) {
    throw std::runtime_error(fmt::format(
        "checkpoint resizes pictures to {}x{} (height x width), network {} reads {}; {}",
        size.height, size.width, network.name, shape_text(input), remedy));
  }
  if (checkpoint.labels != network.labels) {
    throw std::runtime_error(
        fmt::format("checkpoint has other labels than network {}; {}", network.name, remedy));
  }
  const auto check = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    check_tensor(checkpoint, network, {.name = name, .shape = shape}, remedy);
  };
  for (const Parameter& parameter : parameters(network)) check(parameter.name, parameter.shape);
  for (const Quantizer& quantizer : checkpoint.quantizers) {
    const Node& node = quantized_node(quantizer, network, remedy);
    for (const NamedShape& each : tensors_of(quantizer, node.output.channels)) {
      check(each.name, each.shape);
    }
  }
}

}  // namespace coco_mcu::network
