// Where tf.contrib.quantize left its fake quantizers in the evaluation graph of 2019.
#pragma once

#include "network/network.h"
#include "network/quantizer.h"

namespace coco_mcu::network {

/// In the order of the nodes: convolutions without batch norm have weights of 2 bits in the narrow
/// range, three levels, and 8-bit outputs; the h-swish behind one of them is quantized once more.
/// All ranges are tracked. docs/reference-network.md.
Quantizers tf_contrib_2019(const Network& network);

}  // namespace coco_mcu::network
