// Places the file COCO_MCU_EMBEDDED_MODEL into the program's read-only data. The assembler copies
// it: as an array in C++ it would take the compiler longer than all of the program's commands.
#include "cli/embedded_model.h"

asm(R"(
    .section .rodata
    .balign 64
    .globl coco_mcu_embedded_begin
    .hidden coco_mcu_embedded_begin
coco_mcu_embedded_begin:
    .incbin ")" COCO_MCU_EMBEDDED_MODEL R"("
    .globl coco_mcu_embedded_end
    .hidden coco_mcu_embedded_end
coco_mcu_embedded_end:
    .previous
)");

extern "C" const std::uint8_t coco_mcu_embedded_begin[];
extern "C" const std::uint8_t coco_mcu_embedded_end[];

namespace coco_mcu::cli {

std::span<const std::uint8_t> embedded_model() {
  return {coco_mcu_embedded_begin, coco_mcu_embedded_end};
}

}  // namespace coco_mcu::cli
