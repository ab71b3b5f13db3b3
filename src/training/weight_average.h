// An exponential average of the weights over the steps of a stage (Polyak & Juditsky 1992, as used
// since Inception): less noise than the weights of any one step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "training/named_tensors.h"

namespace coco_mcu::training {

class WeightAverage {
 public:
  /// Starts from the module's parameters.
  WeightAverage(const NetworkModule& module, double decay);

  /// After step `number`, from 1. The decay is at most (1 + n) / (10 + n): a young average forgets
  /// where it began.
  void update(std::int64_t number);

  /// The averages under the parameters' names.
  const NamedTensors& state() const { return averages_; }

 private:
  double decay_;
  NamedTensors parameters_;  // share the module's memory
  NamedTensors averages_;
};

}  // namespace coco_mcu::training
