// What a run writes down: metrics.jsonl for programs, events for TensorBoard.
#pragma once

#include <string>

#include "training/run_folder.h"
#include "training/training_task.h"

namespace coco_mcu::training {

class RunLog {
 public:
  explicit RunLog(RunFolder& folder) : folder_(folder) {}

  /// `step` counts the steps of the run that are done.
  void step(const std::string& stage, std::int64_t step, double loss, double learning_rate);
  void epoch(const EpochReport& report);

 private:
  RunFolder& folder_;
};

}  // namespace coco_mcu::training
