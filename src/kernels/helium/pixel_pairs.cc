// In assembler, as the compiler does not find enough of the even registers that VMLADAV adds to:
// r0, r2, r4, r6 are the first pixel's sums, r8, r10, r12, lr the second's.
#include "kernels/helium/pixel_pairs.h"

namespace coco_mcu::kernels::helium {
namespace {

static_assert(offsetof(PixelPairs, starts) == 0);
static_assert(offsetof(PixelPairs, stride) == 16 && offsetof(PixelPairs, end) == 20);
static_assert(offsetof(PixelPairs, weights) == 24 && offsetof(PixelPairs, vectors) == 28);
static_assert(offsetof(PixelPairs, shifts.left) == 32 && offsetof(PixelPairs, shifts.right) == 36);
static_assert(offsetof(PixelPairs, channels.multipliers) == 48);
static_assert(offsetof(PixelPairs, channels.offsets) == 64);

}  // namespace

asm(R"(
  .macro coco_mcu_begin_pair pairs
  ldm \pairs, {r0, r2, r4, r6}
  ldm \pairs, {r8, r10, r12, lr}
  .endm

  /* From sums to the codes of two pixels in x and y, behind out. */
  .macro coco_mcu_finish_pair pairs x y multipliers offsets out
  vmov \x[2], \x[0], r0, r4
  vmov \x[3], \x[1], r2, r6
  ldrd r0, r2, [\pairs, #32]
  vmov \y[2], \y[0], r8, r12
  vmov \y[3], \y[1], r10, lr
  cbz r0, 9f
  vshl.s32 \x, r0
  vshl.s32 \y, r0
9:
  vqdmulh.s32 \x, \x, \multipliers
  vqdmulh.s32 \y, \y, \multipliers
  vadd.i32 \x, \x, \offsets
  vadd.i32 \y, \y, \offsets
  ldrd r4, r6, [\pairs, #16]
  vshl.s32 \x, r2
  vshl.s32 \y, r2
  adds r2, \out, r4
  vqmovunb.s32 \x, \x
  vqmovunb.s32 \y, \y
  vqmovnb.u16 \x, \x
  vqmovnb.u16 \y, \y
  vstrb.32 \y, [r2]
  vstrb.32 \x, [\out]
  adds \out, r2, r4
  .endm
)");

namespace {

/// Pixels of one vector: the weights stay in registers.
void make_short_pairs(const PixelPairs& pairs, const std::int8_t* x, std::uint8_t* out) {
  const int8x16_t weights[4] = {vld1q_s8(pairs.weights), vld1q_s8(pairs.weights + kLanes),
                                vld1q_s8(pairs.weights + 2 * kLanes),
                                vld1q_s8(pairs.weights + 3 * kLanes)};
  int8x16_t q[4];
  asm volatile(
      "0:\n"
      "coco_mcu_begin_pair %[pairs]\n"
      "vldrw.u32 %q[x4], [%[x]], #32\n"
      "vmladava.s8 r0, %q[x4], %q[w0]\n"
      "vldrw.u32 %q[y4], [%[x], #-16]\n"
      "vmladava.s8 r2, %q[x4], %q[w1]\n"
      "vldrw.u32 %q[multipliers], [%[pairs], #48]\n"
      "vmladava.s8 r4, %q[x4], %q[w2]\n"
      "vldrw.u32 %q[offsets], [%[pairs], #64]\n"
      "vmladava.s8 r6, %q[x4], %q[w3]\n"
      "vmladava.s8 r8, %q[y4], %q[w0]\n"
      "vmladava.s8 r10, %q[y4], %q[w1]\n"
      "vmladava.s8 r12, %q[y4], %q[w2]\n"
      "vmladava.s8 lr, %q[y4], %q[w3]\n"
      "coco_mcu_finish_pair %[pairs], %q[x4], %q[y4], %q[multipliers], %q[offsets], %[out]\n"
      "cmp %[x], r6\n"
      "bne 0b\n"
      : [x] "+r"(x), [out] "+l"(out), [x4] "=&w"(q[0]), [y4] "=&w"(q[1]), [multipliers] "=&w"(q[2]),
        [offsets] "=&w"(q[3])
      : [pairs] "r"(&pairs), [w0] "w"(weights[0]), [w1] "w"(weights[1]), [w2] "w"(weights[2]),
        [w3] "w"(weights[3])
      : "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "cc", "memory");
}

void make_long_pairs(const PixelPairs& pairs, const std::int8_t* x, std::uint8_t* out) {
  const std::int8_t* y;
  const std::int8_t* weights;
  std::size_t left;
  int8x16_t q[4];
  asm volatile(
      "0:\n"
      "ldrd %[weights], %[left], [%[pairs], #24]\n"
      "coco_mcu_begin_pair %[pairs]\n"
      "add %[y], %[x], %[left], lsl #4\n"
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
      "coco_mcu_finish_pair %[pairs], %q[x4], %q[y4], %q[multipliers], %q[offsets], %[out]\n"
      "mov %[x], %[y]\n"
      "cmp %[y], r6\n"
      "bne 0b\n"
      : [x] "+r"(x), [y] "=&r"(y), [weights] "=&r"(weights), [left] "=&r"(left), [out] "+l"(out),
        [x4] "=&w"(q[0]), [y4] "=&w"(q[1]), [even] "=&w"(q[2]), [odd] "=&w"(q[3])
      : [pairs] "r"(&pairs), [multipliers] "w"(pairs.channels.multipliers),
        [offsets] "w"(pairs.channels.offsets)
      : "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "cc", "memory");
}

}  // namespace

void make_pixel_pairs(const PixelPairs& pairs, const std::int8_t* x, std::uint8_t* out) {
  pairs.vectors == 1 ? make_short_pairs(pairs, x, out) : make_long_pairs(pairs, x, out);
}

}  // namespace coco_mcu::kernels::helium
