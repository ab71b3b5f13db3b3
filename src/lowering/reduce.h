// The first half of lowering: a trained float network without what cannot change its output.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/preprocessing.h"
#include "lowering/calibration.h"
#include "lowering/reduction_report.h"
#include "lowering/trained_quantizers.h"
#include "network/network.h"

namespace coco_mcu::lowering {

struct ReduceOptions {
  /// Removes channels that are the same number for every picture, folding them into the layers
  /// behind, and what nothing reads. Decisions stay what they are to the rounding of float32.
  bool exact_removal = true;
  /// Weights of convolutions with a smaller magnitude are zero from the beginning. This is a change
  /// of the network, if a small one; 0 leaves every weight as it is.
  double prune_below = 0.0;
  /// Nodes whose channels are held at these values, whatever the picture: attention masks at their
  /// means, to see whether they matter. This is a change of the network, too.
  ChannelMeans held = {};
};

struct ReducedNetwork {
  /// Nodes and blocks keep their names; of a block that has gone altogether nothing is left.
  network::Network network;
  /// The parameters of its nodes, kernels as the network computes with them, and the ranges of the
  /// quantizers that are left.
  network::Tensors tensors;
  /// Those of outputs. Kernels need none any more: putting weights onto their grid a second time
  /// would need steps of the channels that are left, and changes nothing.
  network::Quantizers quantizers;
  /// By node: which channels of the whole network's node are left. Empty without removal.
  std::map<std::string, std::vector<bool>, std::less<>> kept;
  ReductionReport report;
};

/// `tensors` are those of the float checkpoint, `quantizers` the policy it was trained with.
/// Without exact removal the network stays as it is. Throws std::invalid_argument naming the layer
/// where a tensor is missing or a layer is not known.
ReducedNetwork reduce(const network::Network& network, const network::Tensors& tensors,
                      const TrainedQuantizers& quantizers, const core::Preprocessing& preprocessing,
                      const ReduceOptions& options);

}  // namespace coco_mcu::lowering
