/* Decides on pictures that come row by row, as from a camera. One picture at a time; not for more
 * than one thread. The model's sizes stand in coco_mcu_model.h.
 *
 *   if (coco_mcu_start() != 0) ...
 *   coco_mcu_begin();
 *   for (int y = 0; y < COCO_MCU_HEIGHT; ++y) {
 *     read_camera_row(coco_mcu_row_place());
 *     coco_mcu_push_row(coco_mcu_row_place());
 *   }
 *   int32_t probability = coco_mcu_finish();
 */
#ifndef COCO_MCU_DETECTOR_H
#define COCO_MCU_DETECTOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Checks the model in flash, once. Null, or what is wrong with it and what to do. */
const char* coco_mcu_start(void);

/* Begins a picture; what was begun before is forgotten. */
void coco_mcu_begin(void);

/* A place for the next row inside of the detector's memory, for DMA for instance. */
uint8_t* coco_mcu_row_place(void);

/* The next row, COCO_MCU_ROW_BYTES bytes: pixels from left to right, red, green and blue of each;
 * at coco_mcu_row_place() or anywhere outside of the detector's memory. */
void coco_mcu_push_row(const uint8_t* row);

/* After the last row: the probability of COCO_MCU_LABEL in units of 1 / 32768. It is decided for it
 * from COCO_MCU_THRESHOLD on. */
int32_t coco_mcu_finish(void);

#ifdef __cplusplus
}
#endif

#endif
