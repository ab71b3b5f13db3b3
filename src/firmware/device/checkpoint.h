// Where a simulator that counts instructions is told how far the program is. Freestanding.
#pragma once

namespace coco_mcu::firmware {

/// One instruction that the counting plugin looks for: before the first layer and behind each.
void checkpoint();

}  // namespace coco_mcu::firmware
