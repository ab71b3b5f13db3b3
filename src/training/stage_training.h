// One stage of a training: the network with the stage's quantizers, and everything that moves it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "network/checkpoint_tensor.h"
#include "network/quantizer.h"
#include "training/dead_channels.h"
#include "training/distributed.h"
#include "training/named_tensors.h"
#include "training/optimizer.h"
#include "training/oscillation.h"
#include "training/training_batch.h"
#include "training/training_task.h"
#include "training/weight_average.h"

namespace coco_mcu::training {

/// What a stage begins from: the result of the one before, or a checkpoint.
struct StageStart {
  network::Tensors tensors;  // empty: random weights
  network::Quantizers quantizers;
  bool grow = false;  // `tensors` are those of another network: its layers may have other widths
};

/// Batches by their number, of this process.
using Batches = std::function<TrainingBatch(std::int64_t)>;

class StageTraining {
 public:
  /// The stage at its first step: tensors of `start` by name, the steps of kernels that it did not
  /// quantize in the same format from the weights, fixed ranges as `task` says. The rest is drawn
  /// from `seed`. `stage` and `processes` must outlive it.
  StageTraining(const Stage& stage, const TrainingTask& task, const Processes& processes,
                const StageStart& start, std::int64_t steps, std::int64_t steps_per_epoch,
                std::uint64_t seed);

  /// Whether learned ranges have to be calibrated before the first step.
  bool needs_calibration() const { return needs_calibration_; }
  void calibrate(const Batches& batches);
  /// Whether the running statistics of batch norm stay from step `step` on, and whether that is
  /// the first such step.
  bool freezes_batch_norm(std::int64_t step) const { return step >= frozen_from_; }
  bool begins_to_freeze(std::int64_t step) const { return step == frozen_from_; }
  void reestimate(NetworkModule& module, const Batches& batches) const;

  struct StepResult {
    double loss = 0.0;  // mean over the whole batch
    double learning_rate = 0.0;
    bool stop = false;  // some process wishes to
  };
  /// Step `step` of the stage, from 0. `wishes_to_stop` is told to all processes.
  StepResult step(std::int64_t step, const TrainingBatch& batch, bool wishes_to_stop);
  /// Makes the next step note how many values lie outside of their quantizers' ranges.
  void watch_saturation(bool on) { module_->watch_saturation(on); }

  /// What the stage would give if it ended now: averaged weights where it averages, and batch norm
  /// of those weights where the recipe re-estimates it.
  std::shared_ptr<NetworkModule> product(std::int64_t step, const Batches& batches) const;

  /// Whether every parameter is a number.
  bool is_finite() const;

  const NetworkModule& module() const { return *module_; }
  NetworkModule& module() { return *module_; }
  const OscillationGuard* oscillation() const { return oscillation_.get(); }

  void save(network::Tensors& tensors) const;
  void restore(const network::Tensors& tensors);

 private:
  NetworkModule::Mode mode(std::int64_t step) const;

  const Stage& stage_;
  const Processes& processes_;
  network::Network network_;
  network::Quantizers quantizers_;
  torch::Device device_;
  std::uint64_t seed_;
  int batch_size_;
  std::int64_t steps_;
  std::int64_t warmup_steps_;
  std::int64_t frozen_from_;
  bool needs_calibration_ = false;
  std::shared_ptr<NetworkModule> module_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<SilentChannels> silent_;         // null where dead channels may come back
  std::unique_ptr<WeightAverage> average_;         // null where the stage does not average
  std::unique_ptr<OscillationGuard> oscillation_;  // null where no weights are quantized
};

}  // namespace coco_mcu::training
