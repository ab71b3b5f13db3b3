#include "kernels/helium/helium.h"
#include "kernels/uses.h"

namespace coco_mcu::kernels {
namespace {

constexpr Backend kHelium = used_part({
    "helium",
    [] { return true; },
    helium::convolution,
    helium::depthwise,
    helium::multiply_row,
    helium::add,
    helium::sum_pixels,
    helium::max_pool_row,
    helium::lookup,
});

}  // namespace

// Firmware needs none to compare with.
const Backend* const kBackends[] = {&kHelium, core::kIsForAnyModel ? &kReferenceBackend : nullptr,
                                    nullptr};

}  // namespace coco_mcu::kernels
