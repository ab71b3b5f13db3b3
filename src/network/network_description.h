// A network as JSON: how a checkpoint brings one along that is not in the zoo.
#pragma once

#include <string>
#include <vector>

#include "network/json_object.h"
#include "network/network.h"

namespace coco_mcu::network {

/// Pixels along a side of any tensor; far beyond any network here.
constexpr int kLargestSide = 1 << 14;

/// A list of layers in the order of execution: each with what Builder needs to make it again.
Json describe_layers(const Network& network);

/// The network that `description`'s key "layers" lists, made by a Builder. Throws
/// std::runtime_error naming the file, the layer, the reason and the remedy.
Network read_layers(const Object& description, const std::string& name,
                    const std::vector<std::string>& labels);

}  // namespace coco_mcu::network
