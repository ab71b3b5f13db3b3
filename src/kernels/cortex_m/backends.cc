#include "kernels/cortex_m/cortex_m.h"
#include "kernels/reference/reference.h"

namespace coco_mcu::kernels {
namespace {

constexpr Backend kCortexM = {
    "cortex_m",
    [] { return true; },
    cortex_m::convolution,
    cortex_m::depthwise,
    cortex_m::multiply_row,
    cortex_m::add,
    reference::sum_pixels,
    reference::max_pool_row,
    reference::lookup,
};

}  // namespace

const Backend* const kBackends[] = {&kCortexM, &kReferenceBackend, nullptr};

}  // namespace coco_mcu::kernels
