#include "kernels/cortex_m/halves.h"

#include "kernels/cortex_m/quad.h"

namespace coco_mcu::kernels::cortex_m {

// Registers: r0 codes, r1 weights; r4, r5 the first pixel's sums of both channels, r6, r7 the
// second's. The fields lie at the stack pointer.
[[gnu::naked]] void sum_halves(const HalvesGroup* /*group*/) {
  asm volatile(COCO_MCU_DEFINE_QUAD R"(
  push {r4-r11, lr}
  ldmia r0, {r1, r2, r3, r4, r5, r6, r7, r8, r9}
  sub sp, sp, #36
  stmia sp, {r1, r2, r3, r4, r5, r6, r7, r8, r9}
  mov r0, r1
1:
  ldr r1, [sp, #8]
  ldr r2, [sp, #28]
  mov r4, #0
  mov r5, #0
  mov r6, #0
  mov r7, #0
  cmp r2, #0
  bne 3f
2:
  coco_mcu_quad
  coco_mcu_quad
3:
  coco_mcu_quad
  coco_mcu_quad
  ldr r2, [sp, #12]
  cmp r1, r2
  bne 2b
  ldrd r12, lr, [sp, #16]
  ldr r2, [sp, #32]
  add r0, r0, #16
  cbnz r2, 4f
  stmia r12!, {r4, r5, r6, r7}
  b 5f
4:
  ldr r8, [sp, #24]
  lsl r4, r4, r8
  lsl r5, r5, r8
  lsl r6, r6, r8
  lsl r7, r7, r8
  ldmia r1, {r2, r3, r8, r9, r10, r11}
  smmla r4, r4, r2, r3
  smmla r5, r5, r8, r9
  smmla r6, r6, r2, r3
  smmla r7, r7, r8, r9
  usat r4, #8, r4, asr #16
  usat r5, #8, r5, asr #16
  usat r6, #8, r6, asr #16
  usat r7, #8, r7, asr #16
  orr r4, r4, r5, lsl #8
  orr r6, r6, r7, lsl #8
  orr r4, r4, r6, lsl #16
  uqadd8 r4, r4, r10
  sub r4, r4, r11
  lsr r5, r4, #16
  strh r5, [r12, lr]
  strh r4, [r12]
  add r12, r12, lr, lsl #1
5:
  ldr r2, [sp, #4]
  str r12, [sp, #16]
  cmp r0, r2
  bne 1b
  add sp, sp, #36
  pop {r4-r11, pc}
)");
}

// Registers: r0 and r1 both rows, r2 where pairs go, r3 -8 twice, r4 the lower halves of bytes, r7
// groups.
[[gnu::naked]] void widen_nibbles(const std::uint8_t* /*rows*/, std::size_t /*row_bytes*/,
                                  std::uint32_t* /*to*/, std::size_t /*groups*/,
                                  std::size_t /*has_half*/) {
  asm volatile(R"(
  .macro coco_mcu_nibble_pairs to
  pkhbt r12, r8, r9, lsl #16
  pkhtb r9, r9, r8, asr #16
  pkhbt r8, r10, r11, lsl #16
  pkhtb r11, r11, r10, asr #16
  uxtab16 r10, r3, r12
  uxtab16 lr, r3, r8
  strd r10, lr, [r2, #\to]
  uxtab16 r12, r3, r12, ror #8
  uxtab16 r8, r3, r8, ror #8
  strd r12, r8, [r2, #\to + 8]
  uxtab16 r10, r3, r9
  uxtab16 lr, r3, r11
  strd r10, lr, [r2, #\to + 16]
  uxtab16 r9, r3, r9, ror #8
  uxtab16 r11, r3, r11, ror #8
  strd r9, r11, [r2, #\to + 24]
  .endm
  .macro coco_mcu_half_nibble_pairs to
  uxtab16 r10, r3, r5
  uxtab16 r11, r3, r6
  strd r10, r11, [r2, #\to]
  uxtab16 r10, r3, r5, ror #8
  uxtab16 r11, r3, r6, ror #8
  strd r10, r11, [r2, #\to + 8]
  .endm
  push {r4-r11, lr}
  ldr r5, [sp, #36]
  add r1, r0, r1
  mov r7, r3
  mvn r3, #7
  pkhbt r3, r3, r3, lsl #16
  mov r4, #0x0F0F0F0F
  cmp r7, #0
  beq 2f
1:
  ldr r8, [r0]
  ldr r9, [r0, #4]
  ldr r10, [r1]
  ldr r11, [r1, #4]
  and r8, r4, r8
  and r9, r4, r9
  and r10, r4, r10
  and r11, r4, r11
  coco_mcu_nibble_pairs 0
  ldr r9, [r0, #4]
  ldr r8, [r0], #8
  ldr r11, [r1, #4]
  ldr r10, [r1], #8
  and r8, r4, r8, lsr #4
  and r9, r4, r9, lsr #4
  and r10, r4, r10, lsr #4
  and r11, r4, r11, lsr #4
  coco_mcu_nibble_pairs 32
  add r2, r2, #64
  subs r7, r7, #1
  bne 1b
2:
  cbz r5, 3f
  ldr r8, [r0]
  ldr r9, [r1]
  and r5, r4, r8
  and r6, r4, r9
  coco_mcu_half_nibble_pairs 0
  and r5, r4, r8, lsr #4
  and r6, r4, r9, lsr #4
  coco_mcu_half_nibble_pairs 16
3:
  pop {r4-r11, pc}
)");
}

}  // namespace coco_mcu::kernels::cortex_m
