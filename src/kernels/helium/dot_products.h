// Dot products of two pixels' codes with the weights of four output channels. Freestanding.
#pragma once

#include "kernels/helium/expand_weights.h"

namespace coco_mcu::kernels::helium {

struct SumsOfTwo {
  int32x4_t first;
  int32x4_t second;
};

/// Sums of x * w and y * w over `vectors` vectors of 16; x and y end up behind them. In assembler,
/// as the compiler does not find enough of the even registers that VMLADAV adds to.
[[gnu::always_inline]] inline SumsOfTwo dot_products(const std::int8_t*& x, const std::int8_t*& y,
                                                     const std::int8_t* weights,
                                                     std::size_t vectors) {
  SumsOfTwo sums;
  int8x16_t even;
  int8x16_t odd;
  asm("vldrw.u32 %q[x4], [%[x]], #16\n"
      "vldrw.u32 %q[even], [%[w]], #64\n"
      "vldrw.u32 %q[y4], [%[y]], #16\n"
      "vmladav.s8 r0, %q[x4], %q[even]\n"
      "vldrw.u32 %q[odd], [%[w], #-48]\n"
      "vmladav.s8 r8, %q[y4], %q[even]\n"
      "vmladav.s8 r2, %q[x4], %q[odd]\n"
      "vldrw.u32 %q[even], [%[w], #-32]\n"
      "vmladav.s8 r10, %q[y4], %q[odd]\n"
      "vmladav.s8 r4, %q[x4], %q[even]\n"
      "vldrw.u32 %q[odd], [%[w], #-16]\n"
      "vmladav.s8 r12, %q[y4], %q[even]\n"
      "vmladav.s8 r6, %q[x4], %q[odd]\n"
      "subs %[vectors], #1\n"
      "vmladav.s8 lr, %q[y4], %q[odd]\n"
      "beq 1f\n"
      "0:\n"
      "vldrw.u32 %q[x4], [%[x]], #16\n"
      "vldrw.u32 %q[even], [%[w]], #64\n"
      "vldrw.u32 %q[y4], [%[y]], #16\n"
      "vmladava.s8 r0, %q[x4], %q[even]\n"
      "vldrw.u32 %q[odd], [%[w], #-48]\n"
      "vmladava.s8 r8, %q[y4], %q[even]\n"
      "vmladava.s8 r2, %q[x4], %q[odd]\n"
      "vldrw.u32 %q[even], [%[w], #-32]\n"
      "vmladava.s8 r10, %q[y4], %q[odd]\n"
      "vmladava.s8 r4, %q[x4], %q[even]\n"
      "vldrw.u32 %q[odd], [%[w], #-16]\n"
      "vmladava.s8 r12, %q[y4], %q[even]\n"
      "vmladava.s8 r6, %q[x4], %q[odd]\n"
      "subs %[vectors], #1\n"
      "vmladava.s8 lr, %q[y4], %q[odd]\n"
      "bne 0b\n"
      "1:\n"
      "vmov %q[x4][2], %q[x4][0], r0, r4\n"
      "vmov %q[x4][3], %q[x4][1], r2, r6\n"
      "vmov %q[y4][2], %q[y4][0], r8, r12\n"
      "vmov %q[y4][3], %q[y4][1], r10, lr\n"
      : [x] "+r"(x), [y] "+r"(y), [w] "+r"(weights), [vectors] "+r"(vectors),
        [x4] "=&w"(sums.first), [y4] "=&w"(sums.second), [even] "=&w"(even), [odd] "=&w"(odd)
      :
      : "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "cc", "memory");
  return sums;
}

}  // namespace coco_mcu::kernels::helium
