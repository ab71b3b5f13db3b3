#include "kernels/reference/reference.h"

#include "kernels/uses.h"

namespace coco_mcu::kernels {
namespace {

bool always() {
  return true;
}

}  // namespace

const Backend kReferenceBackend = used_part({
    "reference",
    always,
    reference::convolution,
    reference::depthwise,
    reference::multiply_row,
    reference::add,
    reference::sum_pixels,
    reference::max_pool_row,
    reference::lookup,
});

}  // namespace coco_mcu::kernels
