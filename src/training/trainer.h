// The loop: stages, epochs, steps; validation, checkpoints and states between them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "training/interruption.h"
#include "training/run_folder.h"
#include "training/run_log.h"
#include "training/stage_training.h"
#include "training/training_data.h"
#include "training/training_task.h"

namespace coco_mcu::training {

class Trainer {
 public:
  /// Opens the data and makes or resumes the run's folder. `task` and `observer` must outlive it.
  Trainer(const TrainingTask& task, TrainingObserver& observer);

  TrainingResult run();

 private:
  /// Of one stage.
  struct Length {
    std::int64_t steps = 0;
    std::int64_t first_epoch = 0;  // of the run; each stage begins a new one
    std::int64_t first_step = 0;   // of the run
  };

  void open_run();
  void plan_stages();
  StageStart initial_start() const;
  StageStart start_of(std::size_t stage) const;
  void draw_dead_channels(StageTraining& training);
  void run_stage(std::size_t stage);
  void begin_stage(StageTraining& training, std::size_t stage);
  void train_epoch(StageTraining& training, std::size_t stage, dataset::Loader& loader);
  StageTraining::StepResult train_step(StageTraining& training, const Stage& stage,
                                       const dataset::Batch& batch, bool is_last_of_epoch);
  void check_loss(double loss, double learning_rate, const Stage& stage) const;
  /// Before anything is saved: a step may give weights that only the next one's loss tells of.
  void check_weights(const StageTraining& training, double learning_rate) const;
  [[noreturn]] void fail_for_loss(const std::string& what, double learning_rate,
                                  const Stage& stage) const;
  void end_epoch(StageTraining& training, std::size_t stage, EpochReport& report);
  void write_checkpoints(const NetworkModule& product, std::size_t stage, EpochReport& report);
  void save_state(const StageTraining& training, double learning_rate);
  void save_end_of_stage(const NetworkModule& product, std::size_t stage);
  bool wishes_to_stop() const;
  bool is_save_due() const;
  network::Checkpoint checkpoint(const NetworkModule& module, const Stage& stage) const;

  const TrainingTask& task_;
  TrainingObserver& observer_;
  Interruption interruption_;
  Processes processes_;
  int threads_;
  TrainingData data_;
  std::optional<RunFolder> folder_;  // of process 0
  std::optional<RunLog> log_;        // likewise
  std::string data_hash_;            // likewise
  RunState state_;                   // tensors: of the newest state, until its stage has begun
  std::vector<Length> lengths_;
  std::int64_t steps_per_epoch_ = 0;
  std::int64_t steps_now_ = 0;  // since this call
  double saved_at_ = 0.0;       // seconds of the steady clock
  bool stops_ = false;
};

/// training::train, in this library. What libtorch throws becomes one clear line.
TrainingResult run_training(const TrainingTask& task, TrainingObserver& observer);

}  // namespace coco_mcu::training
