// A network of another framework as a folder of two files (graph.json lists the layers, weights.f32
// holds their numbers) becomes a checkpoint that brings its own network along.
//
// A layer of graph.json has "name", "op", "inputs" and, by its op: conv "weight", "bias", "stride",
// "padding" ("same", "valid"), "groups"; fully_connected "weight" [in, out], "bias"; max_pool and
// average_pool "kernel", "stride", "padding". A tensor is {"offset": bytes, "shape": [...]}.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/preprocessing.h"
#include "network/checkpoint.h"

namespace coco_mcu::exchange {

/// What the two files do not say.
struct GraphOptions {
  std::string name;  // the network's, from now on
  core::Preprocessing preprocessing;
  std::vector<std::string> labels;  // one for each logit; a softmax is put behind them
};

/// Throws std::runtime_error naming file and layer, the reason and the remedy; an operation that
/// there is not with the list of those that there are.
network::Checkpoint import_graph(const std::filesystem::path& folder, const GraphOptions& options);

/// The same from the two files' bytes; `folder` stands in front of error messages.
network::Checkpoint import_graph(std::string_view graph, std::span<const std::uint8_t> weights,
                                 std::string_view folder, const GraphOptions& options);

}  // namespace coco_mcu::exchange
