#include "firmware/device/checkpoint.h"

namespace coco_mcu::firmware {

[[gnu::noinline]] void checkpoint() {
  asm volatile("mov ip, ip");  // which no compiler writes
}

}  // namespace coco_mcu::firmware
