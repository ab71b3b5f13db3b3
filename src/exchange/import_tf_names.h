// Which variable of a TensorFlow checkpoint is which tensor of our networks: data, so that another
// network is another table.
#pragma once

#include <span>
#include <string_view>

#include "core/preprocessing.h"
#include "network/network.h"
#include "network/quantizer.h"

namespace coco_mcu::exchange {

/// A stretch of whole components of a variable's path, and our name of it. A path is renamed from
/// its beginning, stretch by stretch, and our names are joined by dots.
struct Renaming {
  std::string_view theirs;
  std::string_view ours;
};

/// A quantizer that their graph placed elsewhere than after the convolution.
struct MovedQuantizer {
  std::string_view from;  // our name of the place that the general rule gives
  std::string_view to;
  float divisor;  // of its range, where the new place sees values divided by that
};

/// What is known about the TensorFlow original of one network.
struct TfOriginal {
  std::string_view network;          // its name in the zoo
  std::span<const Renaming> scopes;  // how paths begin
  std::span<const MovedQuantizer> moved_quantizers;
  network::Quantizers (*quantizers)(const network::Network&);
  core::Preprocessing preprocessing;
};

/// Rules for what follows the scope, the same for all networks.
std::span<const Renaming> part_renamings();

/// Nothing is known where the result is null.
const TfOriginal* find_tf_original(std::string_view network);

}  // namespace coco_mcu::exchange
