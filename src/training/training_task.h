// A training, seen from outside the training library: what to do, and what is told on the way. No
// libtorch here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dataset/picture_source.h"
#include "network/checkpoint.h"
#include "network/network.h"
#include "network/quantizer.h"
#include "training/recipe.h"

namespace coco_mcu::training {

struct TrainingTask {
  Recipe recipe;
  network::Network network;          // with the recipe's dropout
  network::QuantizationSites sites;  // of the network, as the integer engine quantizes it
  std::vector<dataset::NamedSource> training_data;
  std::vector<std::string> validation_data;  // as dataset::open_pictures takes them
  dataset::VisualWakeWords rule;
  std::vector<std::filesystem::path> teacher_probabilities;  // JSON files
  std::string teacher_name;                                  // which of several in them
  std::vector<std::filesystem::path> teacher_checkpoints;    // float checkpoints; they speak as one
  std::filesystem::path initial_checkpoint;                  // or empty: random weights
  bool grow = false;          // initial_checkpoint is another network's
  std::filesystem::path run;  // folder that the run is written to
  bool resume = false;
  std::string device = "cpu";         // or "cuda"
  int threads = 0;                    // 0: one for each core
  std::int64_t stop_after_steps = 0;  // ends early, as an interruption would; 0: not
  /// Last touch to every checkpoint before it is evaluated and written; empty: none.
  std::function<void(network::Checkpoint&)> settle;
};

/// One picture of the validation data, as the trained network sees it.
struct ValidatedPicture {
  bool label = false;        // shows the class
  float probability = 0.0F;  // that it does
};

/// What an epoch of training did.
struct EpochReport {
  std::string stage;
  std::int64_t epoch = 0;  // of the stage, from 1
  std::int64_t step = 0;   // of the run, that are done
  std::int64_t steps = 0;  // of the run, in all
  double loss = 0.0;       // mean of the epoch's steps, in nats
  double learning_rate = 0.0;
  double images_per_second = 0.0;            // of this process
  double waited_share = 0.0;                 // of the time, for pictures
  std::vector<ValidatedPicture> validation;  // empty where this epoch was not evaluated
  bool is_best = false;
  std::vector<std::string> health;  // one finding a line; none where all is well
};

/// What a training tells while it runs. All calls come from one thread; only process 0 makes them.
class TrainingObserver {
 public:
  TrainingObserver() = default;
  TrainingObserver(const TrainingObserver&) = delete;
  TrainingObserver& operator=(const TrainingObserver&) = delete;
  virtual ~TrainingObserver() = default;

  /// Work of `total` items begins, `done` of them are done already.
  virtual void begin(const std::string& label, std::int64_t total, std::int64_t done) = 0;
  virtual void advance(std::int64_t items) = 0;
  virtual void end() = 0;
  virtual void epoch(const EpochReport& report) = 0;
  /// A line for the log: what was resumed, what was found in the initial checkpoint.
  virtual void line(const std::string& text) = 0;
};

enum class TrainingEnd {
  kFinished,
  kStepLimit,    // stop_after_steps
  kInterrupted,  // by SIGINT or SIGTERM
};

struct TrainingResult {
  std::filesystem::path last;  // checkpoint folders; where there is none yet, they are missing
  std::filesystem::path best;
  std::int64_t steps = 0;
  TrainingEnd end = TrainingEnd::kFinished;
  bool is_process_0 = true;  // the one that writes and tells
};

/// Runs or resumes a training. The training library is loaded by this call. Throws
/// std::runtime_error with one clear line: bad data, a loss that is not finite, memory, a full
/// disk; what the run's folder held before is still good.
TrainingResult train(const TrainingTask& task, TrainingObserver& observer);

}  // namespace coco_mcu::training
