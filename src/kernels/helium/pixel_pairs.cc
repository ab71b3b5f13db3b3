// In assembler, as the compiler does not find enough of the even registers that VMLADAV adds to:
// r0, r2, r4, r6 are the first pixel's sums, r8, r10, r12, lr the second's.
#include "kernels/helium/pixel_pairs.h"

namespace coco_mcu::kernels::helium {
namespace {

static_assert(offsetof(PixelPairs, starts) == 0);
static_assert(offsetof(PixelPairs, stride) == 16 && offsetof(PixelPairs, end) == 20);
static_assert(offsetof(PixelPairs, weights) == 24 && offsetof(PixelPairs, vectors) == 28);
static_assert(offsetof(PixelPairs, shifts) == 32 && offsetof(Shifts, left) == 0);
static_assert(offsetof(Shifts, right) == 4);

}  // namespace

void make_pixel_pairs(const PixelPairs& pairs, const std::int8_t* x, std::uint8_t* out) {
  const std::int8_t* y;
  const std::int8_t* weights;
  std::size_t left;
  int8x16_t q[4];
  asm volatile(
      "0:\n"
      "ldrd %[weights], %[left], [%[pairs], #24]\n"
      "ldm %[pairs], {r0, r2, r4, r6}\n"
      "add %[y], %[x], %[left], lsl #4\n"
      "ldm %[pairs], {r8, r10, r12, lr}\n"
      "1:\n"
      "vldrw.u32 %q[x4], [%[x]], #16\n"
      "vldrw.u32 %q[even], [%[weights]], #64\n"
      "vldrw.u32 %q[y4], [%[y]], #16\n"
      "vmladava.s8 r0, %q[x4], %q[even]\n"
      "vldrw.u32 %q[odd], [%[weights], #-48]\n"
      "vmladava.s8 r8, %q[y4], %q[even]\n"
      "vmladava.s8 r2, %q[x4], %q[odd]\n"
      "vldrw.u32 %q[even], [%[weights], #-32]\n"
      "vmladava.s8 r10, %q[y4], %q[odd]\n"
      "vmladava.s8 r4, %q[x4], %q[even]\n"
      "vldrw.u32 %q[odd], [%[weights], #-16]\n"
      "vmladava.s8 r12, %q[y4], %q[even]\n"
      "subs %[left], #1\n"
      "vmladava.s8 r6, %q[x4], %q[odd]\n"
      "vmladava.s8 lr, %q[y4], %q[odd]\n"
      "bne 1b\n"
      "vmov %q[x4][2], %q[x4][0], r0, r4\n"
      "vmov %q[x4][3], %q[x4][1], r2, r6\n"
      "ldrd r0, r2, [%[pairs], #32]\n"
      "vmov %q[y4][2], %q[y4][0], r8, r12\n"
      "vmov %q[y4][3], %q[y4][1], r10, lr\n"
      "cbz r0, 2f\n"
      "vshl.s32 %q[x4], r0\n"
      "vshl.s32 %q[y4], r0\n"
      "2:\n"
      "vqdmulh.s32 %q[x4], %q[x4], %q[multipliers]\n"
      "vqdmulh.s32 %q[y4], %q[y4], %q[multipliers]\n"
      "vadd.i32 %q[x4], %q[x4], %q[offsets]\n"
      "vadd.i32 %q[y4], %q[y4], %q[offsets]\n"
      "vshl.s32 %q[x4], r2\n"
      "vshl.s32 %q[y4], r2\n"
      "vqmovunb.s32 %q[x4], %q[x4]\n"
      "vqmovunb.s32 %q[y4], %q[y4]\n"
      "ldrd r4, r6, [%[pairs], #16]\n"
      "vqmovnb.u16 %q[x4], %q[x4]\n"
      "vqmovnb.u16 %q[y4], %q[y4]\n"
      "adds r2, %[out], r4\n"
      "vstrb.32 %q[y4], [r2]\n"
      "vstrb.32 %q[x4], [%[out]]\n"
      "adds %[out], r2, r4\n"
      "mov %[x], %[y]\n"
      "cmp %[y], r6\n"
      "bne 0b\n"
      : [x] "+r"(x), [y] "=&r"(y), [weights] "=&r"(weights), [left] "=&r"(left), [out] "+l"(out),
        [x4] "=&w"(q[0]), [y4] "=&w"(q[1]), [even] "=&w"(q[2]), [odd] "=&w"(q[3])
      : [pairs] "r"(&pairs), [multipliers] "w"(pairs.channels.multipliers),
        [offsets] "w"(pairs.channels.offsets)
      : "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "cc", "memory");
}

}  // namespace coco_mcu::kernels::helium
