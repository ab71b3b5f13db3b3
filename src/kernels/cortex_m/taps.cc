#include "kernels/cortex_m/taps.h"

namespace coco_mcu::kernels::cortex_m {

// Registers: r0 codes, r1 weights, r4..r7 sums of channels 0, 2, 1, 3, lr minus the zero point,
// twice. The fields lie at the stack pointer.
[[gnu::naked]] void sum_taps(const TapStrip* /*strip*/) {
  asm volatile(R"(
  .macro coco_mcu_tap_of_four code even odd
  uxtab16 r12, lr, \code
  uxtab16 \code, lr, \code, ror #8
  smlabb r4, r12, \even, r4
  smlatt r5, r12, \even, r5
  smlabb r6, \code, \odd, r6
  smlatt r7, \code, \odd, r7
  .endm
  push {r4-r11, lr}
  ldmia r0, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10}
  sub sp, sp, #44
  stmia sp, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10}
  mov r0, r1
  mov r1, r3
  mov lr, r8
1:
  mov r4, #0
  mov r5, #0
  mov r6, #0
  mov r7, #0
2:
  ldmia r0!, {r8, r9}
  ldmia r1!, {r2, r3, r10, r11}
  coco_mcu_tap_of_four r8 r2 r3
  coco_mcu_tap_of_four r9 r10 r11
  ldmia r0!, {r8, r9}
  ldmia r1!, {r2, r3, r10, r11}
  coco_mcu_tap_of_four r8 r2 r3
  coco_mcu_tap_of_four r9 r10 r11
  ldr r12, [sp, #12]
  cmp r1, r12
  bne 2b
  ldr r8, [r0], #4
  ldmia r1!, {r2, r3}
  coco_mcu_tap_of_four r8 r2 r3
  ldr r2, [sp, #36]
  ldrd r12, r3, [sp, #16]
  cbnz r2, 3f
  stmia r12!, {r4, r5, r6, r7}
  b 4f
3:
  ldr r2, [sp, #32]
  ldmia r1!, {r8, r9, r10, r11}
  lsl r4, r4, r2
  lsl r5, r5, r2
  lsl r6, r6, r2
  lsl r7, r7, r2
  smmla r4, r4, r8, r9
  smmla r5, r5, r10, r11
  ldmia r1!, {r8, r9, r10, r11}
  smmla r6, r6, r8, r9
  smmla r7, r7, r10, r11
  ldmia r1, {r8, r9}
  pkhtb r4, r5, r4, asr #16
  pkhtb r6, r7, r6, asr #16
  usat16 r4, #8, r4
  usat16 r6, #8, r6
  orr r4, r4, r6, lsl #8
  uqadd8 r4, r4, r8
  sub r4, r4, r9
  str r4, [r12]
  add r12, r12, r3
4:
  ldr r2, [sp, #4]
  ldr r3, [sp, #24]
  ldr r1, [sp, #8]
  str r12, [sp, #16]
  sub r0, r0, r3
  cmp r0, r2
  bne 1b
  add sp, sp, #44
  pop {r4-r11, pc}
)");
}

}  // namespace coco_mcu::kernels::cortex_m
