// Where a network is quantized while it is trained or evaluated in floats, and how finely.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "network/network.h"

namespace coco_mcu::training {

/// How a fake quantizer follows the values it sees in training.
enum class RangeTracking {
  kLastValue,      // minimum and maximum of the last tensor: weights
  kMovingAverage,  // exponential moving average of those: activations
};

struct QuantizerOptions {
  int bits = 8;
  bool narrow_range = false;  // without the lowest code: symmetric weights
  RangeTracking tracking = RangeTracking::kMovingAverage;
};

enum class QuantizedSite { kWeight, kOutput };

struct Placement {
  network::NodeId node = 0;
  QuantizedSite site = QuantizedSite::kOutput;
  QuantizerOptions options;
};

/// The name under which a placement's range is stored: "bneck4.expand.conv.weight_quantizer".
std::string quantizer_name(const network::Network& network, const Placement& placement);

using QuantizationPolicy = std::vector<Placement>;

/// The policy of that name for a network, in the order of its nodes:
///   none             everything in floats
///   tf-contrib-2019  what tf.contrib.quantize left in the evaluation graph of 2019: convolutions
///                    without batch norm have weights of 2 bits (three levels) and 8-bit outputs
/// Throws std::invalid_argument that lists the names there are.
QuantizationPolicy quantization_policy(std::string_view name, const network::Network& network);

}  // namespace coco_mcu::training
