// Kernels as sums of two: where one kernel of few levels is too coarse, a second one holds what the
// first leaves over. Both are convolutions of their own with their own batch norm, joined by an
// addition, so that nothing behind has to know (after Lin, Zhao & Pan 2017, "Towards accurate
// binary convolutional neural network", with two bits in place of one).
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/weight_format.h"
#include "network/checkpoint_tensor.h"
#include "network/network.h"

namespace coco_mcu::lowering {

/// Mean and variance of each channel of a tensor, over pictures and places.
struct ChannelStatistics {
  std::vector<double> mean;
  std::vector<double> variance;
};

struct PairedNetwork {
  network::Network network;
  network::Tensors tensors;
  /// The batch norms of the pairs and the convolutions they read, which have new statistics:
  /// rebase_batch_norm() brings them up to date.
  std::vector<std::pair<network::NodeId, network::NodeId>> norms;
};

/// Replaces every convolution that `is_chosen` names by two: X.conv and X.batch_norm become
/// X.coarse.conv, X.coarse.batch_norm, X.fine.conv, X.fine.batch_norm and X.sum. The coarse kernel
/// stands on a grid of `format`, the fine one is what is left of the kernel, so in floats the
/// network computes what it did. A bias goes with the coarse one. `tensors` must be the network's
/// (network::check_fits).
PairedNetwork pair_kernels(const network::Network& network, const network::Tensors& tensors,
                           core::WeightFormat format,
                           const std::function<bool(const network::Node&)>& is_chosen);

/// Gives a batch norm the running statistics of the values that it reads, and changes its factor
/// and addend such that it computes what it did. Training begins from there: it normalizes each
/// batch by the batch's own statistics.
void rebase_batch_norm(network::Tensors& tensors, const network::Node& norm,
                       const ChannelStatistics& statistics);

}  // namespace coco_mcu::lowering
