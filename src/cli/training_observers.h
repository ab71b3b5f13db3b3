// What a training tells, as text and as JSON.
#pragma once

#include <memory>

#include "training/training_task.h"

namespace coco_mcu::cli {

/// Lines on stdout, progress on stderr.
std::unique_ptr<training::TrainingObserver> text_observer();
/// One JSON object for each epoch on stdout, everything else on stderr.
std::unique_ptr<training::TrainingObserver> json_observer();

/// Whether this is a process of a training under torchrun, but not the first.
bool is_later_process();

}  // namespace coco_mcu::cli
