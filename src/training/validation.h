// How well a network does on pictures that it was not trained on.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/preprocessing.h"
#include "dataset/picture_source.h"
#include "training/network_module.h"
#include "training/training_task.h"

namespace coco_mcu::training {

/// Whole pictures, resized as at inference, through the module as `coco-mcu evaluate` computes it;
/// those without a label are left out. `advance` is told of pictures that are done.
std::vector<ValidatedPicture> validate(NetworkModule& module, const dataset::PictureSource& source,
                                       const core::Preprocessing& preprocessing, int threads,
                                       const std::function<void(std::int64_t)>& advance);

}  // namespace coco_mcu::training
