// Compiled with -mavx2.

#include "kernels/x86/backend.h"
#include "kernels/x86/vector_avx2.h"

namespace coco_mcu::kernels {

const Backend kAvx2Backend = x86::backend<x86::Avx2>("avx2", is_avx2_supported);

}  // namespace coco_mcu::kernels
