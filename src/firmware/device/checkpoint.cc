#include "firmware/device/checkpoint.h"

namespace coco_mcu::firmware {

[[gnu::noinline]] void checkpoint() {
#if !defined(__ARM_ARCH_6M__)  // which has no such instruction
  asm volatile("movw ip, #0xC0C0" ::: "ip");
#endif
}

}  // namespace coco_mcu::firmware
