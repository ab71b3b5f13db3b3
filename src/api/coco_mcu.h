/* The C interface of coco_mcu for embedders: a model file and one piece of memory in, decisions
 * out. No heap, no files, no state outside the memory given; calls on different engines may run at
 * the same time. */
#ifndef COCO_MCU_H
#define COCO_MCU_H

/* This is C: NOLINTBEGIN(modernize-*,readability-identifier-naming) */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a model file and an arena begin in memory: at multiples of this many bytes. */
#define COCO_MCU_ALIGNMENT 64

/* Probability 1. */
#define COCO_MCU_ONE 32768

typedef struct coco_mcu_engine coco_mcu_engine;

typedef struct coco_mcu_decision {
  int32_t probability; /* of the model's label, "person": 0..COCO_MCU_ONE */
  int32_t is_positive; /* 1 where it reaches the model's threshold, otherwise 0 */
} coco_mcu_decision;

/* Checks all that could be wrong with a model file of `model_bytes` bytes and computes the arena it
 * needs on this processor. Returns 0 where the file is refused, and then `*reason`, where `reason`
 * is not null, is one line that says why. */
size_t coco_mcu_arena_bytes(const void* model, size_t model_bytes, const char** reason);

/* Opens a model in an arena of at least coco_mcu_arena_bytes bytes; both stay in use until the
 * engine is closed. Returns null and a reason as above where the file is refused or the arena too
 * small. */
coco_mcu_engine* coco_mcu_open(const void* model, size_t model_bytes, void* arena,
                               size_t arena_bytes, const char** reason);

/* Decides on a picture of any size, at most 8192 x 8192: RGB bytes, height x width x 3. It is
 * resized as the model was trained. A null or empty picture decides 0. */
coco_mcu_decision coco_mcu_run(coco_mcu_engine* engine, const uint8_t* rgb, int32_t height,
                               int32_t width);

/* Ends the use of the arena and the model. Null is allowed. */
void coco_mcu_close(coco_mcu_engine* engine);

#ifdef __cplusplus
}
#endif

/* NOLINTEND(modernize-*,readability-identifier-naming) */

#endif
