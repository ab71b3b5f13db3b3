// The pictures of a training, as the stages read them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dataset/loader.h"
#include "dataset/picture_source.h"
#include "dataset/teacher.h"
#include "training/distributed.h"
#include "training/stage_training.h"
#include "training/teacher_networks.h"
#include "training/training_batch.h"
#include "training/training_task.h"

namespace coco_mcu::training {

class TrainingData {
 public:
  TrainingData(const TrainingTask& task, const Processes& processes, int threads);

  const dataset::PictureSource& training() const { return *training_; }
  /// Null where there is no validation data.
  const dataset::PictureSource* validation() const { return validation_.get(); }

  std::unique_ptr<dataset::Loader> loader(const Stage& stage) const;
  TrainingBatch batch(const dataset::Batch& batch) const;
  /// Batches 0, 1, .. of an order of their own, for statistics; beyond an epoch it begins again.
  /// Ask for them in rising order.
  Batches side_batches(const Stage& stage) const;

 private:
  const TrainingTask& task_;
  const Processes& processes_;
  core::Preprocessing preprocessing_;
  int threads_;
  std::unique_ptr<dataset::PictureSource> training_;
  std::unique_ptr<dataset::PictureSource> validation_;
  dataset::TeacherProbabilities teacher_;
  TeacherNetworks teacher_networks_;
};

/// The recipe's preprocessing at the network's size.
core::Preprocessing preprocessing_of(const TrainingTask& task);

}  // namespace coco_mcu::training
