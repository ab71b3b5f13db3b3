// Compiled with -msse4.1.

#include "kernels/x86/backend.h"
#include "kernels/x86/vector_sse41.h"

namespace coco_mcu::kernels {

const Backend kSse41Backend = x86::backend<x86::Sse41>("sse41", is_sse41_supported);

}  // namespace coco_mcu::kernels
