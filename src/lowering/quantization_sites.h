// Where the integer engine quantizes, said in terms of the float network: training quantizes there
// and nowhere else.
#pragma once

#include <optional>
#include <vector>

#include "core/preprocessing.h"
#include "lowering/fusion.h"
#include "lowering/ranges.h"
#include "network/network.h"
#include "network/quantizer.h"

namespace coco_mcu::lowering {

/// A place where an operator makes codes.
struct CodeSite {
  network::NodeId node = 0;         // whose values the codes stand for
  std::optional<CodeGrid> fixed{};  // the grid, where it follows from what the values are
};

/// What one operator makes codes of. Pooling and upsampling keep their input's codes and make none,
/// neither does softmax, whose output are probabilities.
struct OperatorSites {
  std::optional<CodeSite> before_table;  // what requantization makes; a lookup's are its input's
  std::optional<CodeSite> output;
};

/// Whether an operator's output has its input's codes.
bool keeps_codes(model::OperatorKind kind);

/// For each operator. Fixed by what they are: the input (`input_grid`), gates of 0..1 and masks of
/// 1..2 with scale 1/255. A mask that a convolution reads is 0..2, as padding needs a code of zero.
std::vector<OperatorSites> operator_sites(const FusedNetwork& operators,
                                          const CodeGrid& input_grid);

/// Throws std::invalid_argument as fuse does. A range that training puts at an activation's site is
/// the one that `operator_grids` takes, a fixed one is the grid that it fixes.
network::QuantizationSites quantization_sites(const network::Network& network,
                                              const core::Preprocessing& preprocessing);

}  // namespace coco_mcu::lowering
