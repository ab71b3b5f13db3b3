#include "firmware/device/guards.h"

#include "firmware/device/memory_map.h"

namespace coco_mcu::firmware {
namespace {

/// The memory protection unit's registers (Armv7-M ARM, B3.5; Armv8-M ARM, D1.2).
struct ProtectionUnit {
  volatile std::uint32_t type;
  volatile std::uint32_t control;
  volatile std::uint32_t region;
  volatile std::uint32_t base;
  volatile std::uint32_t attributes;  // Armv8-M: the region's last bytes
};

constexpr std::uint32_t kEnable = 1;
constexpr std::uint32_t kPrivilegedBackground = 4;

ProtectionUnit& protection_unit() {
  return *reinterpret_cast<ProtectionUnit*>(0xE000ED90);
}

std::uint32_t address(const std::uint8_t* place) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(place));
}

#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)

/// Armv8-M cannot forbid everything to privileged code: what may be used is allowed, without a
/// background for the rest. RAM ends with the guard that belongs to nobody.
void protect(ProtectionUnit& unit) {
  const auto allow = [&unit](std::uint32_t number, const std::uint8_t* begin,
                             const std::uint8_t* end, std::uint32_t access) {
    unit.region = number;
    unit.base = (address(begin) & ~31U) | access;
    unit.attributes = ((address(end) - 1) & ~31U) | kEnable;
  };
  constexpr std::uint32_t kReadWrite = 1 << 1 | 1;  // and never executed
  constexpr std::uint32_t kReadOnly = 3 << 1;
  allow(0, coco_mcu_code_begin, coco_mcu_code_end, kReadOnly);
  allow(1, coco_mcu_model_begin, coco_mcu_model_end, kReadOnly);
  allow(2, coco_mcu_stack_begin, coco_mcu_arena_end, kReadWrite);
  unit.control = kEnable;
}

#else

void protect(ProtectionUnit& unit) {
  const auto forbid = [&unit](std::uint32_t number, std::uint32_t begin) {
    constexpr std::uint32_t kNeverExecuted = 1U << 28U;
    constexpr std::uint32_t k32Bytes = 4U << 1U;
    unit.region = number;
    unit.base = begin;
    unit.attributes = kNeverExecuted | k32Bytes | kEnable;
  };
  forbid(0, address(coco_mcu_ram_begin));
  forbid(1, address(coco_mcu_arena_end));
  unit.control = kEnable | kPrivilegedBackground;
}

#endif

}  // namespace

bool raise_guards() {
  constexpr std::uint32_t kRegions = 0xFF00;
  ProtectionUnit& unit = protection_unit();
  if ((unit.type & kRegions) == 0) return false;
  protect(unit);
  asm volatile("dsb\n isb" ::: "memory");
  return true;
}

std::uint32_t used_stack_bytes() {
  const auto* word = reinterpret_cast<const std::uint32_t*>(coco_mcu_stack_begin);
  while (*word == kStackPaint) ++word;
  return address(coco_mcu_stack_end) - address(reinterpret_cast<const std::uint8_t*>(word));
}

}  // namespace coco_mcu::firmware
