// A trained network in floating point, as it passes between training, importers and lowering.
//
// On disk it is a folder of two files: weights.pt, a dict from names to float32 tensors that
// Python's torch.load opens, and checkpoint.json with everything else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/preprocessing.h"
#include "network/checkpoint_tensor.h"
#include "network/network.h"
#include "network/quantizer.h"

namespace coco_mcu::network {

constexpr std::string_view kWeightsFile = "weights.pt";
constexpr std::string_view kDescriptionFile = "checkpoint.json";

struct Checkpoint {
  std::string network;  // its name: in the zoo, unless the checkpoint brings its own
  std::optional<Network> own_network;
  core::Preprocessing preprocessing;
  std::vector<std::string> labels;  // one for each channel of the output
  Quantizers quantizers;            // with which the network computes; none: all in floats
  std::map<std::string, std::string> provenance;  // where they come from: source, created_by, ...
  /// The network's parameters() by name, and the tensors_of each quantizer.
  Tensors tensors;
};

/// "coco-mcu 0.1.0", for provenance["created_by"].
std::string created_by();

/// The network that it was made for: its own, or the zoo's of that name. Throws
/// std::invalid_argument where there is none.
Network network_of(const Checkpoint& checkpoint);

/// Reads a checkpoint's folder. Throws std::runtime_error naming the file, the reason and the
/// remedy.
Checkpoint read_checkpoint(const std::filesystem::path& folder);

/// Writes a checkpoint's folder; one that is there already is replaced only when the new one is
/// complete. Throws std::runtime_error, and then leaves nothing half-written.
void write_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& folder);

/// The same from the two files' bytes; `folder` stands in front of error messages.
Checkpoint parse_checkpoint(std::string_view description, std::span<const std::uint8_t> weights,
                            std::string_view folder);

/// That the checkpoint was made for this network: its input size and labels are the network's, and
/// it holds every parameter and what its quantizers keep in the right shape. Throws
/// std::runtime_error naming the first thing that does not fit, both shapes and the remedy.
void check_fits(const Checkpoint& checkpoint, const Network& network);

}  // namespace coco_mcu::network
