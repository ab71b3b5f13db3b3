// Places that the linker script gives names to. Freestanding.
//
// RAM, from its beginning: the stack, which grows down towards the guard below it; variables; the
// arena; the guard behind it.
#pragma once

#include <cstdint>

extern "C" {
extern std::uint8_t coco_mcu_code_begin[];
extern std::uint8_t coco_mcu_code_end[];
extern std::uint8_t coco_mcu_model_begin[];
extern std::uint8_t coco_mcu_model_end[];
extern std::uint8_t coco_mcu_ram_begin[];
extern std::uint8_t coco_mcu_stack_begin[];
extern std::uint8_t coco_mcu_stack_end[];
extern std::uint8_t coco_mcu_data_begin[];
extern std::uint8_t coco_mcu_data_end[];
extern const std::uint8_t coco_mcu_data_image[];
extern std::uint8_t coco_mcu_zero_begin[];
extern std::uint8_t coco_mcu_zero_end[];
extern std::uint8_t coco_mcu_arena_begin[];
extern std::uint8_t coco_mcu_arena_end[];
extern std::uint32_t coco_mcu_checksums[];  // one for each of the model's layers
}
