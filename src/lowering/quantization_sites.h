// Where the integer engine quantizes, said in terms of the float network: training quantizes there
// and nowhere else.
#pragma once

#include <string>
#include <vector>

#include "core/preprocessing.h"
#include "lowering/ranges.h"
#include "network/network.h"

namespace coco_mcu::lowering {

/// An activation that becomes codes.
struct ActivationSite {
  std::string node;       // whose output it is
  bool is_fixed = false;  // its grid follows from what it is: `range` says it
  Range range;            // of a fixed one
};

/// A kernel that becomes codes of a weight format.
struct WeightSite {
  std::string node;   // of the convolution: "bneck4.depthwise.conv"
  std::string layer;  // the operator's name, as --policy takes it: "bneck4.depthwise"
  bool is_depthwise = false;
  bool is_first = false;  // reads the picture
  bool is_last = false;   // makes the logits
};

struct QuantizationSites {
  std::vector<ActivationSite> activations;  // in the order of the nodes
  std::vector<WeightSite> weights;          // likewise
};

/// Throws std::invalid_argument as fuse does. A range that training puts at an activation's site is
/// the one that `operator_grids` takes, a fixed one is the grid that it fixes.
QuantizationSites quantization_sites(const network::Network& network,
                                     const core::Preprocessing& preprocessing);

}  // namespace coco_mcu::lowering
