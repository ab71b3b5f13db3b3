// Decides on one grey picture: your camera's rows take its place.

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "coco_mcu_detector.h"
#include "coco_mcu_model.h"

int main() {
  if (const char* complaint = coco_mcu_start()) {
    std::printf("error: the model %s\n", complaint);
    return 1;
  }
  coco_mcu_begin();
  for (int y = 0; y < COCO_MCU_HEIGHT; ++y) {
    std::uint8_t* row = coco_mcu_row_place();
    std::memset(row, 128, COCO_MCU_ROW_BYTES);
    coco_mcu_push_row(row);
  }
  const long probability = coco_mcu_finish();
  std::printf("%s %ld of 32768: %s\n", COCO_MCU_LABEL, probability,
              probability >= COCO_MCU_THRESHOLD ? "yes" : "no");
  return 0;
}
