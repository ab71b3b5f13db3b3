// The last step of a quantized training: what integers round, the float network gets rounded.
#pragma once

#include "network/checkpoint.h"
#include "network/network.h"

namespace coco_mcu::lowering {

/// Moves batch norms, biases, steps and ranges of a checkpoint with learned ranges onto what the
/// integers of the requantization rule stand for, by some 2^-15 of their size. Lowering then rounds
/// none of them, and the training graph's evaluation, in doubles, differs from the integer engine
/// only in near ties. A checkpoint without learned ranges stays as it is.
void settle(const network::Network& network, network::Checkpoint& checkpoint);

}  // namespace coco_mcu::lowering
