// The innermost sum of the kernels in assembly. Freestanding.
#pragma once

/// Defines `coco_mcu_quad`: eight SMLAD, of codes from r0 on (two pixels in turn) and weights from
/// r1 on (two lanes in turn). r4 and r5 are the first pixel's sums, r6 and r7 the second's; r2, r3,
/// r8..r12 and lr are lost.
#define COCO_MCU_DEFINE_QUAD          \
  ".macro coco_mcu_quad\n"            \
  "ldmia.w r0!, {r8, r9, r10, r11}\n" \
  "ldmia.w r1!, {r2, r3, r12, lr}\n"  \
  "smlad r4, r8, r2, r4\n"            \
  "smlad r5, r8, r3, r5\n"            \
  "smlad r6, r9, r2, r6\n"            \
  "smlad r7, r9, r3, r7\n"            \
  "smlad r4, r10, r12, r4\n"          \
  "smlad r5, r10, lr, r5\n"           \
  "smlad r6, r11, r12, r6\n"          \
  "smlad r7, r11, lr, r7\n"           \
  ".endm\n"
