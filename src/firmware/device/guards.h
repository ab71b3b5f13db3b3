// What traps a stack that grows too far and writes behind the arena, and what measures the stack.
// Freestanding.
#pragma once

#include <cstdint>

namespace coco_mcu::firmware {

/// Bytes of each guard, the smallest region of an Armv7-M memory protection unit.
constexpr std::uint32_t kGuardBytes = 32;

/// Forbids the guards by the memory protection unit. False where the core has none: then the stack
/// is still measured.
bool raise_guards();

/// Bytes of stack that have been used since the start, by what is left of the paint.
std::uint32_t used_stack_bytes();

/// What stood in unused stack before anything ran.
constexpr std::uint32_t kStackPaint = 0xC5C5C5C5U;

}  // namespace coco_mcu::firmware
