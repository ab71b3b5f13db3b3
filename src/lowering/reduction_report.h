// What reducing a network has taken away, and why it may.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/costs.h"

namespace coco_mcu::lowering {

/// Weights of one layer that were not zero but smaller than asked for.
struct PrunedWeights {
  std::string layer;
  std::int64_t weights = 0;
};

/// Channels that no picture can move, and the layer that now stands for them.
struct ConstantChannels {
  std::string source;       // the node that computed them: "att_0.upsample3"
  std::string folded_into;  // "bneck0.project.batch_norm"
  bool is_factor = false;   // they multiplied, else they were added up
  std::int64_t channels = 0;
  // The proof by interval arithmetic.
  double low = 0.0;     // of all of them
  double high = 0.0;    // of all of them
  double widest = 0.0;  // the largest distance that one of them could move
};

/// A convolution of the network before and after; all zero where it has gone.
struct LayerSize {
  std::int64_t channels = 0;        // that it makes
  std::int64_t input_channels = 0;  // that it reads
  network::Cost cost;
};

struct ReducedLayer {
  std::string layer;
  std::string block;
  LayerSize before;
  LayerSize after;
};

struct ReductionReport {
  std::vector<PrunedWeights> pruned;        // in the order of the nodes, those with any
  std::vector<ConstantChannels> constants;  // in the order of the nodes
  std::vector<ReducedLayer> layers;         // every convolution, in the order of the nodes
  network::Cost before;
  network::Cost after;
  /// Of after.weights, those in rows and columns of a convolution's kernel that are zero
  /// throughout: a constant gate's row, a squeeze's column for a channel that it does not look at.
  /// The channel itself is kept, and so they are there.
  std::int64_t idle_weights = 0;

  std::int64_t pruned_weights() const;
};

/// The report as short lines for people: totals, what was pruned, the constants with their proof,
/// the blocks that have gone and the layers that have shrunk.
std::vector<std::string> describe(const ReductionReport& report);

}  // namespace coco_mcu::lowering
