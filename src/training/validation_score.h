// Validated pictures, counted.
#pragma once

#include <cstdint>
#include <vector>

#include "training/training_task.h"

namespace coco_mcu::training {

struct ValidationScore {
  std::int64_t right = 0;  // "shows it" above one half
  double loss = 0.0;       // mean cross entropy, nats
};
ValidationScore score(const std::vector<ValidatedPicture>& pictures);

}  // namespace coco_mcu::training
