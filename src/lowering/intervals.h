// Interval arithmetic through a trained network (Moore 1966): between which two numbers each
// channel stays, whatever the picture. A channel that cannot move is a constant and need not be
// computed.
#pragma once

#include <vector>

#include "core/preprocessing.h"
#include "lowering/trained_quantizers.h"
#include "network/network.h"

namespace coco_mcu::lowering {

struct Interval {
  double low = 0.0;
  double high = 0.0;

  double width() const { return high - low; }
  double middle() const { return low + width() / 2; }
  bool operator==(const Interval&) const = default;
};

/// Whether float32 cannot tell the interval's numbers from its middle: no number in it is further
/// from the middle than 2^-24 of its magnitude, and that much is lost by rounding the middle to
/// float32 alone (its unit roundoff). Putting the middle in place of the channel then changes every
/// product it enters by no more than the rounding of that product does in the network as it is.
bool is_constant(const Interval& interval);

/// By node, by channel.
using Intervals = std::vector<std::vector<Interval>>;

/// The intervals that hold every channel of every node, at every place, for every picture of 8-bit
/// pixels: of the network's real numbers, computed in double and widened by what double may have
/// lost. Zero padding is counted where a kernel reaches it. Behind an output quantizer stand the
/// values of its grid. `tensors` hold effective weights (see trained_quantizers.h).
Intervals channel_intervals(const network::Network& network, const network::Tensors& tensors,
                            const TrainedQuantizers& quantizers,
                            const core::Preprocessing& preprocessing);

}  // namespace coco_mcu::lowering
