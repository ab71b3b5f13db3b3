// What a network costs before anything is trained: parameters, multiply-accumulates, bytes of
// weights, and the memory its activations need at their peak.
#pragma once

#include <cstdint>
#include <vector>

#include "network/network.h"

namespace coco_mcu::network {

/// Costs of one node or of a sum of nodes.
struct Cost {
  std::int64_t weights = 0;     // elements of convolution kernels
  std::int64_t biases = 0;      // elements of convolution biases
  std::int64_t batch_norm = 0;  // the four numbers per channel of batch norm
  std::int64_t macs = 0;        // multiply-accumulates of convolutions for one picture

  /// What is stored on the target: batch norm folds into its convolution.
  std::int64_t parameters() const { return weights + biases; }
  Cost& operator+=(const Cost& other);
};

Cost cost(const Network& network, NodeId id);
Cost cost(const Network& network, const Block& block);
Cost cost(const Network& network);

/// Bytes of all convolution kernels at `bits` per weight, each kernel filled up to whole bytes.
std::int64_t weight_bytes(const Network& network, int bits);

}  // namespace coco_mcu::network
