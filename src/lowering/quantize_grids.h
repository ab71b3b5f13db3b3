// Which codes every tensor of the integer model has.
#pragma once

#include <vector>

#include "core/preprocessing.h"
#include "lowering/fusion.h"
#include "lowering/ranges.h"
#include "lowering/trained_quantizers.h"
#include "network/network.h"

namespace coco_mcu::lowering {

struct OperatorGrids {
  CodeGrid codes;   // that the requantization makes; they go through the table where there is one
  CodeGrid output;  // the same where there is no table
};

/// The ranges that training has put onto grids in place of those calibrated. A relu keeps the grid
/// of what is quantized before it.
Ranges with_trained_ranges(Ranges ranges, const network::Network& network,
                           const FusedNetwork& operators, const TrainedQuantizers& quantizers);

/// The grids of each operator. Fixed by what they are: the input (what pixels can be), masks
/// of 1..2 and gates of 0..1 (scale 1/255), pooling and upsampling (their input's), softmax. A mask
/// that a convolution reads is 0..2, as padding needs a code of zero. Throws std::invalid_argument
/// naming the layer whose range is missing.
std::vector<OperatorGrids> operator_grids(const network::Network& network,
                                          const FusedNetwork& operators, const Ranges& ranges,
                                          const core::Preprocessing& preprocessing);

}  // namespace coco_mcu::lowering
