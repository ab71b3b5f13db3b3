// For processors that no folder here is made for.

#include "kernels/kernels.h"

namespace coco_mcu::kernels {

const Backend* const kBackends[] = {&kReferenceBackend, nullptr};

}  // namespace coco_mcu::kernels
