#include "kernels/cortex_m/depthwise_lanes.h"

namespace coco_mcu::kernels::cortex_m {

// Registers: r0 codes, r1 weights, r10 and r11 sums of channels (0, 2) and (1, 3), lr what codes
// are less, twice. The fields lie at the stack pointer.
asm(R"(
  .syntax unified
  .thumb
  .macro coco_mcu_first_tap code even odd
  uxtab16 r12, lr, \code
  uxtab16 \code, lr, \code, ror #8
  smuad r10, r12, \even
  smuad r11, \code, \odd
  .endm

  .macro coco_mcu_further_tap code even odd
  uxtab16 r12, lr, \code
  uxtab16 \code, lr, \code, ror #8
  smlad r10, r12, \even, r10
  smlad r11, \code, \odd, r11
  .endm

  .macro coco_mcu_four_taps first
  ldmia r0!, {r6, r7, r8, r9}
  ldmia r1!, {r2, r3, r4, r5}
  coco_mcu_\first\()_tap r6 r2 r3
  coco_mcu_further_tap r7 r4 r5
  ldmia r1!, {r2, r3, r4, r5}
  coco_mcu_further_tap r8 r2 r3
  coco_mcu_further_tap r9 r4 r5
  .endm

  .macro coco_mcu_last_tap
  ldr r6, [r0], #4
  ldmia r1!, {r2, r3}
  coco_mcu_further_tap r6 r2 r3
  .endm

  .macro coco_mcu_begin_windows
  push {r4-r11, lr}
  ldmia r0!, {r1, r2, r3, r4, r5, r6}
  sub sp, sp, #28
  stmia sp, {r1, r2, r3, r4, r5, r6}
  mov r0, r1
  mvn lr, #127
  pkhbt lr, lr, lr, lsl #16
  mov r1, r5
  .endm

  .macro coco_mcu_add_lower even odd
  sbfx r8, \even, #0, #13
  sbfx r9, \odd, #0, #13
  add r2, r2, r8
  add r3, r3, r9
  add r10, r10, \even
  add r11, r11, \odd
  .endm

  .macro coco_mcu_window_codes shift again
  sub r10, r10, r2
  sub r11, r11, r3
  ldmia r1!, {r4, r5, r6, r7}
  add r2, r4, r2, lsl #\shift
  add r10, r5, r10, lsl #(\shift - 13)
  add r3, r6, r3, lsl #\shift
  add r11, r7, r11, lsl #(\shift - 13)
  ldmia r1!, {r4, r5, r6, r7}
  smmla r2, r2, r4, r5
  smmla r10, r10, r6, r7
  ldmia r1, {r4, r5, r6, r7, r8, r9}
  smmla r3, r3, r4, r5
  smmla r11, r11, r6, r7
  pkhtb r2, r10, r2, asr #16
  pkhtb r3, r11, r3, asr #16
  usat16 r2, #8, r2
  usat16 r3, #8, r3
  orr r2, r2, r3, lsl #8
  uqadd8 r2, r2, r8
  sub r2, r2, r9
  ldrd r3, r4, [sp, #8]
  ldrd r1, r5, [sp, #16]
  ldr r6, [sp, #4]
  str r2, [r3]
  add r3, r3, r4
  sub r0, r0, r5
  str r3, [sp, #8]
  cmp r0, r6
  bne \again
  add sp, sp, #28
  pop {r4-r11, pc}
  .endm
)");

namespace {

[[gnu::naked]] void sum_windows_3x3(const WindowStrip* /*strip*/) {
  asm volatile(R"(
  coco_mcu_begin_windows
1:
  coco_mcu_four_taps first
  coco_mcu_four_taps further
  coco_mcu_last_tap
  sbfx r2, r10, #0, #13
  sbfx r3, r11, #0, #13
  coco_mcu_window_codes 18 1b
)");
}

// Lower sums are taken out of the registers after 8, 16 and 25 weights.
[[gnu::naked]] void sum_windows_5x5(const WindowStrip* /*strip*/) {
  asm volatile(R"(
  coco_mcu_begin_windows
1:
  coco_mcu_four_taps first
  coco_mcu_four_taps further
  push {r10, r11}
  coco_mcu_four_taps first
  coco_mcu_four_taps further
  push {r10, r11}
  coco_mcu_four_taps first
  coco_mcu_four_taps further
  coco_mcu_last_tap
  sbfx r2, r10, #0, #13
  sbfx r3, r11, #0, #13
  pop {r4, r5, r6, r7}
  coco_mcu_add_lower r4 r5
  coco_mcu_add_lower r6 r7
  coco_mcu_window_codes 16 1b
)");
}

}  // namespace

void sum_windows(int kernel, const WindowStrip* strip) {
  kernel == 3 ? sum_windows_3x3(strip) : sum_windows_5x5(strip);
}

}  // namespace coco_mcu::kernels::cortex_m
