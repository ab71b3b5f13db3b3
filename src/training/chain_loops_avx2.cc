#include "training/chain_lanes_avx2.h"
#include "training/chain_loops_generic.h"

namespace coco_mcu::training {

extern const ChainLoops kAvx2ChainLoops;
const ChainLoops kAvx2ChainLoops = generic::kLoops<Avx2Lanes>;

}  // namespace coco_mcu::training
