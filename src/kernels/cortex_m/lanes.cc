#include "kernels/cortex_m/lanes.h"

#include "kernels/cortex_m/convolution_2w8a.h"
#include "kernels/cortex_m/quad.h"
#include "kernels/uses.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr bool is_ternary(const Convolution& layer) {
  return has_lanes(layer) && core::weight_step(layer.format) == 1;
}

/// Of a chunk.
constexpr std::size_t kMostQuads = uses_convolution(is_ternary) ? full_quads(1) : full_quads(2);
constexpr std::size_t kQuadBytes = 40;  // of code: ten instructions of four bytes

}  // namespace

// Registers while sums are made: r0 codes, r1 weights; r4, r5 the first pixel's sums of channels
// (0, 2) and (1, 3), r6, r7 the second's. The fields of the group lie at the stack pointer, then
// four words of sums. Behind the quads r8, r9 and r10, r11 are the sums of channels 0 and 1.
asm(R"(
  .syntax unified
  .thumb
)" COCO_MCU_DEFINE_QUAD R"(

  .macro coco_mcu_begin
  push {r4-r11, lr}
  ldmia r0!, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11}
  sub sp, sp, #60
  stmia sp, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11}
  mov r0, r1
  .endm

  .macro coco_mcu_two_codes low_0 high_0 low_1 high_1
  ldmia r1!, {r2, r3, r12, lr}
  smmla \low_0, \low_0, r2, r3
  smmla \high_0, \high_0, r12, lr
  smmla \low_1, \low_1, r2, r3
  smmla \high_1, \high_1, r12, lr
  pkhtb \high_0, \high_0, \low_0, asr #16
  pkhtb \high_1, \high_1, \low_1, asr #16
  usat16 \high_0, #8, \high_0
  usat16 \high_1, #8, \high_1
  .endm

  .macro coco_mcu_finish again codes sums
  ldr r2, [sp, #36]
  bx r2
  .thumb_func
\codes:
  ldmia r0!, {r2, r3, r12, lr}
  coco_mcu_add_addends
  coco_mcu_two_codes r8, r4, r10, r6
  coco_mcu_two_codes r9, r5, r11, r7
  orr r4, r4, r5, lsl #8
  orr r6, r6, r7, lsl #8
  ldmia r1, {r2, r3}
  uqadd8 r4, r4, r2
  uqadd8 r6, r6, r2
  sub r4, r4, r3
  sub r6, r6, r3
  ldrd r1, r2, [sp, #16]
  str r6, [r1, r2]
  str r4, [r1]
  add r1, r1, r2, lsl #1
  str r1, [sp, #16]
  ldr r2, [sp, #4]
  cmp r0, r2
  bne \again
  add sp, sp, #60
  pop {r4-r11, pc}
  .thumb_func
\sums:
  ldmia r0!, {r2, r3, r12, lr}
  coco_mcu_add_addends
  ldr r1, [sp, #16]
  stmia r1!, {r4, r5, r6, r7, r8, r9, r10, r11}
  str r1, [sp, #16]
  ldr r2, [sp, #4]
  cmp r0, r2
  bne \again
  add sp, sp, #60
  pop {r4-r11, pc}
  .endm

  .macro coco_mcu_add_addends
  .if coco_mcu_is_only_chunk
  add r8, r2, r4, lsl #18
  add r9, r2, r5, lsl #18
  add r10, r12, r6, lsl #18
  add r11, r12, r7, lsl #18
  lsr r4, r4, #14
  lsr r5, r5, #14
  lsr r6, r6, #14
  lsr r7, r7, #14
  add r4, r3, r4, lsl #18
  add r5, r3, r5, lsl #18
  add r6, lr, r6, lsl #18
  add r7, lr, r7, lsl #18
  .else
  ldr r1, [sp, #40]
  lsl r8, r8, r1
  lsl r9, r9, r1
  lsl r10, r10, r1
  lsl r11, r11, r1
  lsr r4, r4, #14
  lsr r5, r5, #14
  lsr r6, r6, #14
  lsr r7, r7, #14
  lsl r4, r4, r1
  lsl r5, r5, r1
  lsl r6, r6, r1
  lsl r7, r7, r1
  add r8, r8, r2
  add r9, r9, r2
  add r10, r10, r12
  add r11, r11, r12
  add r4, r4, r3
  add r5, r5, r3
  add r6, r6, lr
  add r7, r7, lr
  ldr r1, [sp, #12]
  .endif
  .endm
)");

[[gnu::naked]] void sum_one_chunk(const LaneGroup* /*group*/) {
  asm volatile(R"(
  .set coco_mcu_is_only_chunk, 1
  coco_mcu_begin
1:
  ldr r4, [sp, #24]
  ldr r1, [sp, #8]
  mov r5, r4
  mov r6, r4
  mov r7, r4
  ldr pc, [sp, #28]
  .balign 4
coco_mcu_one_chunk_quads:
  .rept %c0
  coco_mcu_quad
  .endr
  coco_mcu_finish 1b coco_mcu_one_chunk_codes coco_mcu_one_chunk_sums
)" ::"i"(kMostQuads));
}

[[gnu::naked]] void sum_many_chunks(const LaneGroup* /*group*/) {
  asm volatile(R"(
  .set coco_mcu_is_only_chunk, 0
  coco_mcu_begin
1:
  ldr r4, [sp, #24]
  ldr r1, [sp, #8]
  mov r5, r4
  mov r6, r4
  mov r7, r4
  ldr pc, [sp, #28]
  .balign 4
coco_mcu_first_chunk_quads:
  .rept %c0
  coco_mcu_quad
  .endr
  ldr r2, [sp, #12]
  ubfx r8, r4, #0, #14
  ubfx r9, r5, #0, #14
  ubfx r10, r6, #0, #14
  ubfx r11, r7, #0, #14
  cmp r1, r2
  beq 2f
3:
  ldr r2, [sp, #24]
  strd r8, r9, [sp, #44]
  strd r10, r11, [sp, #52]
  bfi r4, r2, #0, #14
  bfi r5, r2, #0, #14
  bfi r6, r2, #0, #14
  bfi r7, r2, #0, #14
  ldr pc, [sp, #32]
  .balign 4
coco_mcu_many_chunks_quads:
  .rept %c0
  coco_mcu_quad
  .endr
  ldrd r8, r9, [sp, #44]
  ldrd r10, r11, [sp, #52]
  ubfx r2, r4, #0, #14
  ubfx r3, r5, #0, #14
  ubfx r12, r6, #0, #14
  ubfx lr, r7, #0, #14
  add r8, r8, r2
  ldr r2, [sp, #12]
  add r9, r9, r3
  add r10, r10, r12
  add r11, r11, lr
  cmp r1, r2
  bne 3b
2:
  coco_mcu_finish 1b coco_mcu_many_chunks_codes coco_mcu_many_chunks_sums
)" ::"i"(kMostQuads));
}

// Registers: r0 and r1 codes of both pixels, r2 where pairs go, r3 minus the zero point, r4 zero,
// r5 and r6 sums of codes. The fields lie at the stack pointer.
asm(R"(
  .syntax unified
  .thumb
  .macro coco_mcu_widen_word_pairs even odd
  usada8 r5, r8, r4, r5
  usada8 r5, r9, r4, r5
  usada8 r6, r10, r4, r6
  usada8 r6, r11, r4, r6
  pkhbt r12, r8, r9, lsl #16
  pkhtb r9, r9, r8, asr #16
  pkhbt r8, r10, r11, lsl #16
  pkhtb r11, r11, r10, asr #16
  uxtab16 r10, r3, r12
  uxtab16 lr, r3, r8
  strd r10, lr, [r2, #\even]
  uxtab16 r12, r3, r12, ror #8
  uxtab16 r8, r3, r8, ror #8
  strd r12, r8, [r2, #\odd]
  uxtab16 r10, r3, r9
  uxtab16 lr, r3, r11
  strd r10, lr, [r2, #\even + 8]
  uxtab16 r9, r3, r9, ror #8
  uxtab16 r11, r3, r11, ror #8
  strd r9, r11, [r2, #\odd + 8]
  .endm
)");

[[gnu::naked]] void widen_pixels(const Widening* /*widening*/) {
  asm volatile(R"(
  push {r4-r11, lr}
  ldmia r0!, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11}
  sub sp, sp, #44
  stmia sp, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11}
  mov r0, r1
  mov r1, r2
  mov r2, r4
  mov r3, r5
  mov r4, #0
1:
  ldr r7, [sp, #20]
  add r1, r0, r1
  mov r5, #0
  mov r6, #0
  cmp r7, #0
  beq 3f
2:
  ldr r9, [r0, #8]
  ldr r8, [r0], #4
  ldr r11, [r1, #8]
  ldr r10, [r1], #4
  coco_mcu_widen_word_pairs 0 32
  ldr r9, [r0, #8]
  ldr r8, [r0], #12
  ldr r11, [r1, #8]
  ldr r10, [r1], #12
  coco_mcu_widen_word_pairs 16 48
  add r2, r2, #64
  subs r7, r7, #1
  bne 2b
3:
  ldr r7, [sp, #24]
  cbz r7, 4f
  ldr r8, [r0]
  ldr r9, [r0, #4]
  ldr r10, [r1]
  ldr r11, [r1, #4]
  coco_mcu_widen_word_pairs 0 16
  add r2, r2, #32
4:
  add r8, sp, #28
  ldmia r8, {r8, r9, r10, r11}
  sub r5, r5, r8
  sub r6, r6, r8
  mul r12, r5, r9
  mul lr, r6, r9
  sub r12, r12, r10
  sub lr, lr, r10
  lsl r12, r12, r11
  lsl r5, r5, r11
  lsl lr, lr, r11
  lsl r6, r6, r11
  strd r12, r5, [r2], #8
  strd lr, r6, [r2], #8
  ldmia sp, {r0, r1, r7}
  add r0, r0, r1, lsl #1
  subs r7, r7, #1
  str r0, [sp]
  str r7, [sp, #8]
  bne 1b
  add sp, sp, #44
  pop {r4-r11, pc}
)");
}

// Registers: r0 and r4 rows 0 and 2, r1 bytes from row to row, r2 where words go, r3 groups, r5
// kLanes. The codes of every other input channel stand in r6 and r7, of the others in r8 and r9: of
// channel A between those of channel B less two; a rotation brings any of them to the lanes.
[[gnu::naked]] void expand_groups(const std::uint8_t* /*rows*/, std::size_t /*row_bytes*/,
                                  std::uint32_t* /*to*/, std::size_t /*groups*/) {
  asm volatile(R"(
  .macro coco_mcu_part_codes a b
  and r10, \a, #0x33333333
  and r11, \b, #0x33333333
  and \a, \a, #0xCCCCCCCC
  and \b, \b, #0xCCCCCCCC
  orr \b, \a, \b, ror #18
  orr \a, r10, r11, ror #18
  .endm
  .macro coco_mcu_four_words first second rotation
  and r10, r5, \first, ror #\rotation
  and r11, r5, \second, ror #\rotation
  and r12, r5, \first, ror #(\rotation + 4)
  and lr, r5, \second, ror #(\rotation + 4)
  stmia r2!, {r10, r11, r12, lr}
  .endm
  push {r4-r11, lr}
  add r4, r0, r1, lsl #1
  movw r5, #0xC003
  movt r5, #0xC003
1:
  ldr r7, [r0, r1]
  ldr r6, [r0], #4
  ldr r9, [r4, r1]
  ldr r8, [r4], #4
  eor r8, r8, #0xAAAAAAAA
  eor r9, r9, #0xAAAAAAAA
  coco_mcu_part_codes r6 r8
  coco_mcu_part_codes r7 r9
  and r10, r5, r6
  and r11, r5, r7
  and r12, r5, r6, ror #4
  and lr, r5, r7, ror #4
  stmia r2!, {r10, r11, r12, lr}
  coco_mcu_four_words r6 r7 8
  coco_mcu_four_words r8 r9 2
  coco_mcu_four_words r8 r9 10
  subs r3, r3, #1
  bne 1b
  pop {r4-r11, pc}
)");
}

extern "C" {
// Addresses of code, with the lowest bit set where Thumb functions begin.
extern const std::uint8_t coco_mcu_one_chunk_quads[];
extern const std::uint8_t coco_mcu_one_chunk_codes[];
extern const std::uint8_t coco_mcu_one_chunk_sums[];
extern const std::uint8_t coco_mcu_first_chunk_quads[];
extern const std::uint8_t coco_mcu_many_chunks_quads[];
extern const std::uint8_t coco_mcu_many_chunks_codes[];
extern const std::uint8_t coco_mcu_many_chunks_sums[];
}

std::uintptr_t chunk_entry(Chunk chunk, std::size_t quads) {
  const std::uint8_t* const begins[] = {coco_mcu_one_chunk_quads, coco_mcu_first_chunk_quads,
                                        coco_mcu_many_chunks_quads};
  return (reinterpret_cast<std::uintptr_t>(begins[static_cast<std::size_t>(chunk)]) +
          (kMostQuads - quads) * kQuadBytes) |
         1U;
}

std::uintptr_t finish_entry(bool is_only_chunk, bool makes_codes) {
  if (is_only_chunk) {
    return reinterpret_cast<std::uintptr_t>(makes_codes ? coco_mcu_one_chunk_codes
                                                        : coco_mcu_one_chunk_sums) |
           1U;
  }
  return reinterpret_cast<std::uintptr_t>(makes_codes ? coco_mcu_many_chunks_codes
                                                      : coco_mcu_many_chunks_sums) |
         1U;
}

}  // namespace coco_mcu::kernels::cortex_m
