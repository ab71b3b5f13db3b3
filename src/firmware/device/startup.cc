// From reset to main, and from a fault to a line that says what happened. Freestanding.

#include <cstdint>

#include "firmware/device/guards.h"
#include "firmware/device/memory_map.h"
#include "firmware/device/semihosting.h"

int main();

namespace coco_mcu::firmware {
namespace {

constexpr int kFaultStatus = 3;

volatile std::uint32_t& system_register(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

void fill_memory() {
  const std::uint8_t* image = coco_mcu_data_image;
  for (std::uint8_t* byte = coco_mcu_data_begin; byte != coco_mcu_data_end;) *byte++ = *image++;
  for (std::uint8_t* byte = coco_mcu_zero_begin; byte != coco_mcu_zero_end;) *byte++ = 0;
}

/// Floating point and, on Armv8.1-M, vectors.
void switch_on_coprocessors() {
  constexpr std::uintptr_t kCoprocessorAccess = 0xE000ED88;
  system_register(kCoprocessorAccess) = system_register(kCoprocessorAccess) | (0xFU << 20U);
  asm volatile("dsb\n isb" ::: "memory");
#if defined(__ARM_FEATURE_MVE)
  constexpr std::uint32_t kNoTailPredication = 4U << 16U;  // FPSCR.LTPSIZE
  asm volatile("vmsr fpscr, %0" ::"r"(kNoTailPredication));
#endif
}

void switch_on_faults() {
  constexpr std::uintptr_t kHandlerControl = 0xE000ED24;
  constexpr std::uint32_t kMemoryBusUsage = 7U << 16U;
  system_register(kHandlerControl) = system_register(kHandlerControl) | kMemoryBusUsage;
}

}  // namespace

extern "C" {

/// The stack's paint lies between its beginning and `stack_pointer`.
[[noreturn, gnu::used]] void coco_mcu_start(std::uint32_t* stack_pointer) {
  auto* word = reinterpret_cast<std::uint32_t*>(coco_mcu_stack_begin);
  while (word < stack_pointer - 16) *word++ = kStackPaint;
  fill_memory();
  switch_on_coprocessors();
  switch_on_faults();
  raise_guards();
  exit_with(main());
}

[[noreturn, gnu::used]] void coco_mcu_report_fault() {
  constexpr std::uintptr_t kFaultStatusRegister = 0xE000ED28;
  constexpr std::uintptr_t kFaultAddressRegister = 0xE000ED34;
  constexpr std::uint32_t kAddressIsValid = 1U << 7U;
  constexpr std::uint32_t kWhileStacking = 1U << 4U;
  constexpr std::uint32_t kStackLimit = 1U << 20U;
  const std::uint32_t status = system_register(kFaultStatusRegister);
  const std::uint32_t at = system_register(kFaultAddressRegister);
  const auto is_at = [&](const std::uint8_t* guard) {
    const auto begin = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(guard));
    return (status & kAddressIsValid) != 0 && at - begin < kGuardBytes;
  };
  if ((status & (kWhileStacking | kStackLimit)) != 0 || is_at(coco_mcu_ram_begin)) {
    print("error: the stack has overflowed; give it more bytes in board.ld\n");
  } else if (is_at(coco_mcu_arena_end)) {
    print("error: something has written behind the arena; the model's plan is wrong\n");
  } else {
    print("error: a fault ended the program\n");
    print_figure("fault_status", status);
    print_figure("fault_address", at);
  }
  exit_with(kFaultStatus);
}

[[gnu::naked]] void coco_mcu_reset() {
  asm volatile(
      "ldr r0, =coco_mcu_stack_end\n"
      "mov sp, r0\n"
      "bl coco_mcu_start\n"
      ".ltorg\n");
}

/// A stack that has overflowed cannot be used any more: the report begins a new one.
[[gnu::naked]] void coco_mcu_fault() {
  asm volatile(
      "ldr r0, =coco_mcu_stack_end\n"
      "mov sp, r0\n"
      "bl coco_mcu_report_fault\n"
      ".ltorg\n");
}

using Handler = void (*)();

struct VectorTable {
  const std::uint8_t* stack;
  Handler handlers[15];
};

[[gnu::section(".vectors"), gnu::used]] extern const VectorTable coco_mcu_vectors = {
    coco_mcu_stack_end,
    {coco_mcu_reset, coco_mcu_fault, coco_mcu_fault, coco_mcu_fault, coco_mcu_fault, coco_mcu_fault,
     coco_mcu_fault, coco_mcu_fault, coco_mcu_fault, coco_mcu_fault, coco_mcu_fault, coco_mcu_fault,
     coco_mcu_fault, coco_mcu_fault, coco_mcu_fault}};

}  // extern "C"

}  // namespace coco_mcu::firmware
