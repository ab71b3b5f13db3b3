// From a stage's options to the quantizers of its network.
#pragma once

#include "network/quantizer.h"
#include "training/training_task.h"

namespace coco_mcu::training {

/// The quantizers of a stage, those of weights first. Throws std::runtime_error where the recipe
/// names a layer or block that the network does not have.
network::Quantizers stage_quantizers(const QuantizationOptions& options,
                                     const network::QuantizationSites& sites,
                                     const network::Network& network);

}  // namespace coco_mcu::training
