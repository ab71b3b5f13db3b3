// Which channels of a network anything depends on: the analysis behind reduce.h.
#pragma once

#include <optional>
#include <vector>

#include "lowering/intervals.h"
#include "lowering/trained_quantizers.h"
#include "network/network.h"

namespace coco_mcu::lowering {

/// By channel.
using Flags = std::vector<bool>;

/// A multiplication by, or an addition of, an operand whose channels are all constants. The node
/// goes; its readers read the other operand.
struct Bypass {
  network::NodeId varying = 0;
  network::NodeId constant = 0;
  /// The layer that takes the constants on: the convolution or batch norm that makes the varying
  /// operand. Nothing where the convolutions behind the node do.
  std::optional<network::NodeId> into;
};

/// What to do with a node.
struct NodePlan {
  /// Channels whose value something depends on.
  Flags needed;
  /// Channels that the tensor keeps: the needed ones, and those that only keep it aligned with a
  /// tensor it is added to, multiplied with or made from. None where the whole node goes.
  Flags present;
  /// Channels that are needed and constant, in a layer that can make them from nothing: of a
  /// convolution the kernel is zero and the bias the value; batch norm likewise.
  Flags pinned;
  /// Of a convolution, channels of its input that its bias (or the batch norm behind) stands for.
  Flags folded_inputs;
  std::optional<Bypass> bypass;

  bool is_kept() const;
};

using Plan = std::vector<NodePlan>;

/// For each node, the nodes that read its output and are kept or bypassed.
using Readers = std::vector<std::vector<network::NodeId>>;
Readers live_readers(const network::Network& network, const Plan& plan);

/// The batch norm that is the convolution's only reader, where nothing quantizes what stands
/// between them: what is added to the convolution's output can be taken from its running mean.
std::optional<network::NodeId> batch_norm_behind(const network::Network& network,
                                                 const Readers& readers,
                                                 const TrainedQuantizers& quantizers,
                                                 network::NodeId convolution);

/// Keeps a channel only where the output depends on it and its interval is not a constant's. A
/// convolution folds a constant input into its bias, unless zero padding, which is not that
/// constant, takes part. `tensors` hold effective weights.
Plan plan_removal(const network::Network& network, const network::Tensors& tensors,
                  const TrainedQuantizers& quantizers, const Intervals& intervals);

}  // namespace coco_mcu::lowering
