// A TensorFlow checkpoint of a network in the zoo becomes a checkpoint of this project.
#pragma once

#include <string>
#include <vector>

#include "exchange/tf_checkpoint.h"
#include "network/checkpoint.h"
#include "network/network.h"

namespace coco_mcu::exchange {

struct ImportReport {
  network::Checkpoint checkpoint;
  /// Variables that have no place in the network, such as an optimizer's.
  std::vector<std::string> unplaced;
};

/// Places each variable by the tables of import_tf_names.h and turns kernels from TensorFlow's
/// [height, width, in, out] (depthwise [height, width, channels, 1]) to [out, in, height, width].
/// Throws std::runtime_error naming the network, the variable or parameter and both shapes where
/// the network is not in the tables, a parameter is missing, or a variable has another shape.
ImportReport import_tensorflow(const TfCheckpoint& source, const network::Network& network);

}  // namespace coco_mcu::exchange
