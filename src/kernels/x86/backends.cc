#include "kernels/x86/x86.h"

namespace coco_mcu::kernels {

const Backend* const kBackends[] = {&kAvx512VnniBackend, &kAvx2Backend, &kSse41Backend,
                                    &kReferenceBackend, nullptr};

}  // namespace coco_mcu::kernels
