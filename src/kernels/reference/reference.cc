#include "kernels/reference/reference.h"

#include "core/uses.h"

namespace coco_mcu::kernels {
namespace {

bool always() {
  return true;
}

}  // namespace

const Backend kReferenceBackend = {
    "reference",
    always,
    core::kUsesConvolution ? reference::convolution : nullptr,
    core::kUsesDepthwise ? reference::depthwise : nullptr,
    core::kUsesMultiply ? reference::multiply_row : nullptr,
    core::kUsesAdd ? reference::add : nullptr,
    core::kUsesGlobalAverage ? reference::sum_pixels : nullptr,
    core::kUsesMaxPool ? reference::max_pool_row : nullptr,
    core::kUsesLookup ? reference::lookup : nullptr,
};

}  // namespace coco_mcu::kernels
