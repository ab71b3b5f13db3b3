#include "firmware/linker_script.h"

#include <fmt/format.h>

namespace coco_mcu::firmware {
namespace {

constexpr const char* kScript = R"(/* Written by coco-mcu emit for {board}. */
MEMORY {{
  CODE  (rx)  : ORIGIN = {code_begin:#x}, LENGTH = {code_bytes}
  MODEL (r)   : ORIGIN = {model_begin:#x}, LENGTH = {model_bytes}
  RAM   (rwx) : ORIGIN = {ram_begin:#x}, LENGTH = {ram_bytes}
}}

ENTRY(coco_mcu_reset)

SECTIONS {{
  .text : {{
    coco_mcu_code_begin = .;
    KEEP(*(.vectors))
    *(.text .text.* .rodata .rodata.*)
    . = ALIGN(32);
    coco_mcu_code_end = .;
  }} > CODE
  .ARM.exidx : {{ *(.ARM.exidx .ARM.exidx.*) }} > CODE

  .model ORIGIN(MODEL) : {{
    coco_mcu_model_begin = .;
    KEEP(*(.model))
    coco_mcu_model_end = .;
  }} > MODEL

  .stack (NOLOAD) : {{
    coco_mcu_ram_begin = .;
    . += 32;
    coco_mcu_stack_begin = .;
    . += {stack_bytes};
    coco_mcu_stack_end = .;
  }} > RAM

  .data : ALIGN(8) {{
    coco_mcu_data_begin = .;
    *(.data .data.*)
    . = ALIGN(8);
    coco_mcu_data_end = .;
  }} > RAM AT > CODE
  coco_mcu_data_image = LOADADDR(.data);

  .bss (NOLOAD) : {{
    coco_mcu_zero_begin = .;
    *(.bss .bss.* COMMON)
    . = ALIGN(8);
    coco_mcu_zero_end = .;
  }} > RAM

  .arena (NOLOAD) : ALIGN(64) {{
    coco_mcu_arena_begin = .;
    . += {arena_bytes};
    coco_mcu_arena_end = .;
    . += 32;
    coco_mcu_ram_end = .;
  }} > RAM
  coco_mcu_ram_bytes = coco_mcu_ram_end - coco_mcu_ram_begin;
}}
)";

/// Guards have addresses at multiples of 32 bytes.
std::uint32_t up_to_32(std::uint32_t bytes) {
  return (bytes + 31) / 32 * 32;
}

}  // namespace

std::string linker_script(const Board& board, const MemoryBudget& budget) {
  using fmt::arg;
  return fmt::format(kScript, arg("board", board.name), arg("code_begin", board.code.begin),
                     arg("code_bytes", board.code.bytes), arg("model_begin", board.model.begin),
                     arg("model_bytes", budget.model_region_bytes),
                     arg("ram_begin", board.ram.begin), arg("ram_bytes", budget.ram_bytes),
                     arg("stack_bytes", up_to_32(budget.stack_bytes)),
                     arg("arena_bytes", up_to_32(budget.arena_bytes)));
}

}  // namespace coco_mcu::firmware
