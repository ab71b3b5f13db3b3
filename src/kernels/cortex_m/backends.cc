#include "kernels/cortex_m/cortex_m.h"
#include "kernels/uses.h"

namespace coco_mcu::kernels {
namespace {

constexpr Backend kCortexM = used_part({
    "cortex_m",
    [] { return true; },
    cortex_m::convolution,
    cortex_m::depthwise,
    cortex_m::multiply_row,
    cortex_m::add,
    cortex_m::sum_pixels,
    cortex_m::max_pool_row,
    cortex_m::lookup,
});

}  // namespace

// Firmware needs none to compare with.
const Backend* const kBackends[] = {&kCortexM, core::kIsForAnyModel ? &kReferenceBackend : nullptr,
                                    nullptr};

}  // namespace coco_mcu::kernels
