// The pictures of a training, as the stages read them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dataset/loader.h"
#include "dataset/picture_source.h"
#include "dataset/teacher.h"
#include "training/checkpoint_loading.h"
#include "training/distributed.h"
#include "training/stage_training.h"
#include "training/training_batch.h"
#include "training/training_task.h"

namespace coco_mcu::training {

/// A network whose opinions a training learns from, asked about the very pictures it sees.
class TeacherNetwork {
 public:
  /// Throws std::runtime_error where its pictures have another size than the student's.
  TeacherNetwork(const std::filesystem::path& folder, const core::Preprocessing& student,
                 const torch::Device& device);
  /// Fills in the probabilities that are not known.
  void complete(const dataset::Batch& batch, torch::Tensor& probabilities) const;

 private:
  core::Preprocessing preprocessing_;
  torch::Device device_;
  std::shared_ptr<NetworkModule> module_;
};

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
  std::optional<TeacherNetwork> teacher_network_;
};

/// The recipe's preprocessing at the network's size.
core::Preprocessing preprocessing_of(const TrainingTask& task);

}  // namespace coco_mcu::training
