#include "core/uses.h"
#include "kernels/cortex_m/cortex_m.h"

namespace coco_mcu::kernels {
namespace {

constexpr Backend kCortexM = {
    "cortex_m",
    [] { return true; },
    core::kUsesConvolution ? cortex_m::convolution : nullptr,
    core::kUsesDepthwise ? cortex_m::depthwise : nullptr,
    core::kUsesMultiply ? cortex_m::multiply_row : nullptr,
    core::kUsesAdd ? cortex_m::add : nullptr,
    core::kUsesGlobalAverage ? cortex_m::sum_pixels : nullptr,
    core::kUsesMaxPool ? cortex_m::max_pool_row : nullptr,
    core::kUsesLookup ? cortex_m::lookup : nullptr,
};

}  // namespace

// Firmware needs none to compare with.
const Backend* const kBackends[] = {&kCortexM, core::kIsForAnyModel ? &kReferenceBackend : nullptr,
                                    nullptr};

}  // namespace coco_mcu::kernels
