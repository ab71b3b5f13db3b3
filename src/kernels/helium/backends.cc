#include "core/uses.h"
#include "kernels/helium/helium.h"

namespace coco_mcu::kernels {
namespace {

constexpr Backend kHelium = {
    "helium",
    [] { return true; },
    core::kUsesConvolution ? helium::convolution : nullptr,
    core::kUsesDepthwise ? helium::depthwise : nullptr,
    core::kUsesMultiply ? helium::multiply_row : nullptr,
    core::kUsesAdd ? helium::add : nullptr,
    core::kUsesGlobalAverage ? helium::sum_pixels : nullptr,
    core::kUsesMaxPool ? helium::max_pool_row : nullptr,
    core::kUsesLookup ? helium::lookup : nullptr,
};

}  // namespace

// Firmware needs none to compare with.
const Backend* const kBackends[] = {&kHelium, core::kIsForAnyModel ? &kReferenceBackend : nullptr,
                                    nullptr};

}  // namespace coco_mcu::kernels
