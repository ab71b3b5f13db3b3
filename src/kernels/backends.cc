#include "kernels/kernels.h"

namespace coco_mcu::kernels {

const Backend& best_backend() {
  const Backend* const* backend = kBackends;
  while (!(*backend)->is_supported()) ++backend;  // the reference is, always
  return **backend;
}

}  // namespace coco_mcu::kernels
