// From a loader's bytes to tensors.
#pragma once

#include "core/preprocessing.h"
#include "dataset/loader.h"
#include "training/loss.h"

namespace coco_mcu::training {

struct TrainingBatch {
  torch::Tensor pictures;  // normalized, [pictures, 3, height, width]
  Targets targets;
};

TrainingBatch training_batch(const dataset::Batch& batch, const core::Preprocessing& preprocessing,
                             const torch::Device& device);

}  // namespace coco_mcu::training
