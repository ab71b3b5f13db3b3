// The activation memory of a network whose tensors stand whole in memory: the least that any order
// of execution needs.
#pragma once

#include <cstdint>
#include <vector>

#include "network/network.h"

namespace coco_mcu::network {

/// Which tensors are stored.
enum class Fusion {
  /// All of them.
  kNone,
  /// As the challenge of 2019 counted: not the output of a pointwise convolution that only a
  /// depthwise one reads (computed row by row inside it), and not the steps of upsampling before a
  /// multiplication (computed inside it). The few rows in flight are not counted.
  kExpandAndMask,
};

struct MemoryStep {
  NodeId node = 0;
  std::int64_t bytes = 0;    // in memory while the node executes
  std::vector<NodeId> live;  // the nodes whose outputs those are, its own included
};

struct MemoryProfile {
  std::vector<MemoryStep> steps;  // in an order of execution that reaches the smallest peak
  std::size_t peak = 0;           // index of the highest step

  std::int64_t peak_bytes() const { return steps[peak].bytes; }
};

/// The order of execution with the smallest peak, uint8 activations (one byte per element). A
/// tensor lives from its computation to its last use; elementwise operations write over an input
/// that dies with them. Exact: a shortest path over the sets of executed nodes, where the length
/// of a path is its highest memory.
MemoryProfile memory_profile(const Network& network, Fusion fusion);

}  // namespace coco_mcu::network
