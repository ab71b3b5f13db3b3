// The last step of a quantized training: what integers round, the float network gets rounded.
#pragma once

#include "network/checkpoint.h"
#include "network/network.h"

namespace coco_mcu::lowering {

/// Puts the batch norms of a checkpoint with learned ranges onto what the integer model can express
/// (settle_batch_norms), so that the training graph's evaluation and the integer engine differ in
/// ties alone. A checkpoint without learned ranges stays as it is.
void settle(const network::Network& network, network::Checkpoint& checkpoint);

}  // namespace coco_mcu::lowering
