// Compiled with -mavx512f -mavx512bw -mavx512vl -mavx512vnni.

#include "kernels/x86/backend.h"
#include "kernels/x86/vector_avx512_vnni.h"

namespace coco_mcu::kernels {

const Backend kAvx512VnniBackend =
    x86::backend<x86::Avx512Vnni>("avx512_vnni", is_avx512_vnni_supported);

}  // namespace coco_mcu::kernels
