#include "kernels/cortex_m/cortex_m.h"

namespace coco_mcu::kernels {
namespace {

constexpr Backend kCortexM = {
    "cortex_m",           [] { return true; },    cortex_m::convolution,
    cortex_m::depthwise,  cortex_m::multiply_row, cortex_m::add,
    cortex_m::sum_pixels, cortex_m::max_pool_row, cortex_m::lookup,
};

}  // namespace

const Backend* const kBackends[] = {&kCortexM, &kReferenceBackend, nullptr};

}  // namespace coco_mcu::kernels
