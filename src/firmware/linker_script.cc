#include "firmware/linker_script.h"

#include <algorithm>

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

ASSERT(coco_mcu_ram_bytes <= {ram_bytes}, "RAM: stack, variables and the arena of {arena_bytes} bytes need more than {ram_bytes} bytes: {remedy}")
ASSERT(coco_mcu_model_end - coco_mcu_model_begin <= {model_bytes}, "model: needs more than {model_bytes} bytes of flash: emit with a larger --model-region, or use fewer bits")
)";

/// What to do where RAM is short, with a figure where variables have grown beyond what is usual.
std::string ram_remedy(const Board& board, const MemoryBudget& budget) {
  constexpr std::uint32_t kMoreVariables = 4096;
  const std::uint32_t enough = std::max(budget.ram_bytes, ram_needed(budget)) + kMoreVariables;
  return enough <= board.most_ram_bytes
             ? fmt::format("emit with --ram {}, or plan the model for less", enough)
             : std::string("plan the model for less");
}

/// Guards have addresses at multiples of 32 bytes.
std::uint32_t up_to_32(std::uint32_t bytes) {
  return (bytes + 31) / 32 * 32;
}

}  // namespace

std::uint32_t ram_needed(const MemoryBudget& budget) {
  // Two guards and what the engine keeps, rounded up.
  constexpr std::uint32_t kVariables = 1024;
  return up_to_32(budget.arena_bytes) + up_to_32(budget.stack_bytes) + kVariables +
         budget.checksum_bytes;
}

std::string linker_script(const Board& board, const MemoryBudget& budget) {
  using fmt::arg;
  return fmt::format(kScript, arg("board", board.name), arg("code_begin", board.code.begin),
                     arg("code_bytes", board.code.bytes), arg("model_begin", board.model.begin),
                     arg("model_bytes", budget.model_region_bytes),
                     arg("ram_begin", board.ram.begin), arg("ram_bytes", budget.ram_bytes),
                     arg("remedy", ram_remedy(board, budget)),
                     arg("stack_bytes", up_to_32(budget.stack_bytes)),
                     arg("arena_bytes", up_to_32(budget.arena_bytes)));
}

}  // namespace coco_mcu::firmware
