// Watches the float network compute pictures: which values its tensors take.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lowering/fusion.h"
#include "lowering/ranges.h"
#include "network/network.h"

namespace coco_mcu::lowering {

/// How a range is taken from the values that were seen.
enum class RangeRule {
  kMinMax,        // nothing is clamped
  kPercentile,    // 99.99 % of the values are not
  kSquaredError,  // least squared error of the codes
};

/// "minmax", "percentile" or "squared-error"; another name throws std::invalid_argument.
RangeRule range_rule(std::string_view name);

/// The mean over pictures and places of each channel of a node's output, by the node's name.
using ChannelMeans = std::map<std::string, std::vector<double>, std::less<>>;

struct Calibration {
  Ranges ranges;       // of the nodes that operators take their scales from
  ChannelMeans means;  // of the nodes that convolutions read
};

/// The values of the named nodes for one picture, in the order of the names; each tensor in height,
/// width, channel order.
using Activations = std::function<std::vector<std::vector<float>>(
    std::size_t picture, const std::vector<std::string>& names)>;

/// The nodes whose ranges must be known: the output of each operator, and what stands before a
/// table. Not those whose range follows from what they are: the input, masks and gates, pooling,
/// upsampling, softmax.
std::vector<network::NodeId> nodes_to_calibrate(const FusedNetwork& operators);

/// Runs `pictures` pictures one after the other; `after_each` is called after every one. The result
/// does not depend on their order but for rounding of the means. Throws std::invalid_argument
/// naming the layer where a value is not finite.
Calibration calibrate(
    const network::Network& network, const FusedNetwork& operators, std::size_t pictures,
    RangeRule rule, const Activations& activations,
    const std::function<void()>& after_each = [] {});

}  // namespace coco_mcu::lowering
