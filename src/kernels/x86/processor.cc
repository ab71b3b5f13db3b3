#include "kernels/x86/x86.h"

namespace coco_mcu::kernels {

bool is_sse41_supported() {
  return __builtin_cpu_supports("sse4.1") != 0;
}

bool is_avx2_supported() {
  return __builtin_cpu_supports("avx2") != 0;
}

bool is_avx512_vnni_supported() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
}

}  // namespace coco_mcu::kernels
