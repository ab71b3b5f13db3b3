// The back ends of x86-64 processors. Freestanding.
//
// Each is one source file, compiled for its instruction set, that hands a vector type to the
// algorithms of this folder. Those are templates over that type: no code of an instruction set
// can end up in a function that other files share. Functions that are no such templates are
// forced inline, and what the standard library or other rooms define inline is not called.
#pragma once

#include "kernels/kernels.h"

namespace coco_mcu::kernels {

extern const Backend kSse41Backend;
extern const Backend kAvx2Backend;
extern const Backend kAvx512VnniBackend;

/// Whether the processor and the operating system can run them.
bool is_sse41_supported();
bool is_avx2_supported();
bool is_avx512_vnni_supported();

}  // namespace coco_mcu::kernels
