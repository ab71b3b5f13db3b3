#include "kernels/cortex_m/depthwise_lanes.h"

#include "kernels/cortex_m/depthwise_2w8a.h"
#include "kernels/uses.h"

namespace coco_mcu::kernels::cortex_m {

// Registers: r0 codes, r1 weights, r4..r7 sums of the channels, r8 from column to column, r9 the
// rows. The fields lie at the stack pointer.
asm(R"(
  .syntax unified
  .thumb
  .macro coco_mcu_column
  ldmia.w r1!, {r2, r3, r12, lr}
  ldrb r10, [r0]
  ldrb r11, [r0, #1]
  mla r4, r10, r2, r4
  ldrb r10, [r0, #2]
  mla r5, r11, r3, r5
  ldrb r11, [r0, #3]
  mla r6, r10, r12, r6
  mla r7, r11, lr, r7
  add r0, r0, r8
  .endm

  .macro coco_mcu_right_sum to from shift
  sxth \to, \from
  sub \to, \from, \to
  .if \shift > 16
  lsl \to, \to, #(\shift - 16)
  .endif
  .endm

  .macro coco_mcu_column_codes left right a b shift
  ldmia r1!, {r2, r3, r12, lr}
  coco_mcu_right_sum \right \a \shift
  coco_mcu_right_sum r11 \b \shift
  lsl \left, \a, #\shift
  lsl \b, \b, #\shift
  smmla \left, \left, r2, r3
  smmla \right, \right, r2, r3
  smmla \b, \b, r12, lr
  smmla r11, r11, r12, lr
  pkhtb \left, \b, \left, asr #16
  pkhtb \right, r11, \right, asr #16
  usat16 \left, #8, \left
  usat16 \right, #8, \right
  .endm

  .macro coco_mcu_columns count shift
  push {r4-r11, lr}
  ldmia r0!, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10}
  sub sp, sp, #44
  stmia sp, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10}
1:
  ldr r9, [sp]
  ldr r1, [sp, #4]
  ldr r8, [sp, #16]
  ldmia r1!, {r4, r5, r6, r7}
  ldr r0, [r9], #4
2:
  ldr r10, [sp, #20]
  add r0, r0, r10
  .rept \count
  coco_mcu_column
  .endr
  ldr r0, [r9], #4
  cmp r0, #0
  bne 2b
  ldr r10, [sp, #36]
  ldr r0, [sp, #8]
  cmp r10, #0
  beq 3f
  coco_mcu_column_codes r4 r10 r4 r6 \shift
  coco_mcu_column_codes r5 r6 r5 r7 \shift
  ldr r1, [sp, #12]
  orr r4, r4, r5, lsl #8
  orr r10, r10, r6, lsl #8
  str r10, [r0, r1]
  str r4, [r0]
  b 4f
3:
  stmia r0, {r4, r5, r6, r7}
4:
  ldrd r2, r3, [sp, #20]
  ldrd r4, r5, [sp, #28]
  add r2, r2, r3
  add r0, r0, r5
  str r2, [sp, #20]
  subs r4, r4, #1
  str r0, [sp, #8]
  str r4, [sp, #28]
  bne 1b
  add sp, sp, #44
  pop {r4-r11, pc}
  .endm
)");

namespace {

[[gnu::naked]] void sum_4_columns(const ColumnPairs* /*pairs*/) {
  asm volatile("coco_mcu_columns 4 18");
}
[[gnu::naked]] void sum_5_columns(const ColumnPairs* /*pairs*/) {
  asm volatile("coco_mcu_columns 5 18");
}
[[gnu::naked]] void sum_6_columns(const ColumnPairs* /*pairs*/) {
  asm volatile("coco_mcu_columns 6 16");
}
[[gnu::naked]] void sum_7_columns(const ColumnPairs* /*pairs*/) {
  asm volatile("coco_mcu_columns 7 16");
}

using SumColumns = void (*)(const ColumnPairs*);

/// `sum`, or null where no model has windows of so many columns.
template <int kColumns>
consteval SumColumns if_used(SumColumns sum) {
  return uses_depthwise([](const Convolution& layer) {
           return has_column_lanes(layer) && layer.kernel + layer.stride == kColumns;
         })
             ? sum
             : nullptr;
}

}  // namespace

void sum_columns(int columns, const ColumnPairs* pairs) {
  constexpr SumColumns kFunctions[] = {if_used<4>(sum_4_columns), if_used<5>(sum_5_columns),
                                       if_used<6>(sum_6_columns), if_used<7>(sum_7_columns)};
  kFunctions[columns - kFewestColumns](pairs);
}

}  // namespace coco_mcu::kernels::cortex_m
