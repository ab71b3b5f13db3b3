#include "training/training_data.h"

#include <utility>

namespace coco_mcu::training {
namespace {

/// Far from the epochs of any training.
constexpr std::int64_t kSideEpoch = std::int64_t{1} << 40;

}  // namespace

core::Preprocessing preprocessing_of(const TrainingTask& task) {
  core::Preprocessing preprocessing = task.recipe.preprocessing;
  preprocessing.height = task.network.input().output.height;
  preprocessing.width = task.network.input().output.width;
  return preprocessing;
}

TrainingData::TrainingData(const TrainingTask& task, const Processes& processes, int threads)
    : task_(task),
      processes_(processes),
      preprocessing_(preprocessing_of(task)),
      threads_(threads),
      training_(dataset::open_all_pictures(task.training_data, task.rule)) {
  if (!task.validation_data.empty()) {
    std::vector<dataset::NamedSource> sources;
    for (const std::string& where : task.validation_data) sources.push_back({.where = where});
    validation_ = dataset::open_all_pictures(sources, task.rule);
  }
  for (const std::filesystem::path& file : task.teacher_probabilities) {
    teacher_.add(file, task.teacher_name);
  }
  for (const std::filesystem::path& folder : task.teacher_checkpoints) {
    teacher_networks_.add(folder, torch::Device(task.device));
  }
}

std::unique_ptr<dataset::Loader> TrainingData::loader(const Stage& stage) const {
  dataset::LoaderOptions options;
  options.preprocessing = preprocessing_;
  options.augmentation = stage.augmentation.value_or(task_.recipe.augmentation);
  options.seed = task_.recipe.seed;
  options.batch_size = task_.recipe.batch_size;
  options.process = processes_.rank();
  options.processes = processes_.count();
  options.threads = threads_;
  options.weak_positive_floor = stage.distillation.weak_positive_floor;
  return std::make_unique<dataset::Loader>(*training_, teacher_.size() > 0 ? &teacher_ : nullptr,
                                           options);
}

TrainingBatch TrainingData::batch(const dataset::Batch& batch) const {
  TrainingBatch result = training_batch(batch, preprocessing_, torch::Device(task_.device));
  const torch::Tensor seen = teacher_networks_.probabilities(result.pictures, preprocessing_);
  if (seen.defined()) {
    torch::Tensor& stored = result.targets.teacher;
    stored = torch::where(stored.isnan(), seen, stored);
  }
  return result;
}

Batches TrainingData::side_batches(const Stage& stage) const {
  std::shared_ptr<dataset::Loader> loader = this->loader(stage);
  return [this, loader = std::move(loader)](std::int64_t number) {
    const std::int64_t per_epoch = loader->batches_per_epoch();
    if (number % per_epoch == 0) loader->start(kSideEpoch + number / per_epoch);
    return training_batch(loader->next().value(), preprocessing_, torch::Device(task_.device));
  };
}

}  // namespace coco_mcu::training
