#include "kernels/helium/helium.h"

namespace coco_mcu::kernels {
namespace {

constexpr Backend kHelium = {
    "helium",    [] { return true; }, helium::convolution,  helium::depthwise, helium::multiply_row,
    helium::add, helium::sum_pixels,  helium::max_pool_row, helium::lookup,
};

}  // namespace

const Backend* const kBackends[] = {&kHelium, &kReferenceBackend, nullptr};

}  // namespace coco_mcu::kernels
