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

/// The ranges of the grids that training has put values onto, by node; code_grid gives the same
/// grids back. A relu keeps the grid of what is quantized before it.
Ranges trained_ranges(const network::Network& network, const FusedNetwork& operators,
                      const TrainedQuantizers& quantizers);

/// The grids of each operator: fixed ones (see quantization_sites.h), those over `ranges`, those of
/// its input for pooling and upsampling, softmax's. Throws std::invalid_argument naming the layer
/// whose range is missing.
std::vector<OperatorGrids> operator_grids(const network::Network& network,
                                          const FusedNetwork& operators, const Ranges& ranges,
                                          const core::Preprocessing& preprocessing);

}  // namespace coco_mcu::lowering
