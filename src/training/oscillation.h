// Weights that jump to and fro between two levels of their grid never come to rest and carry
// batch norm's statistics with them. What jumps too often is held on its level (Nagel et al.,
// "Overcoming oscillations in quantization-aware training", 2022).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "training/named_tensors.h"

namespace coco_mcu::training {

class OscillationGuard {
 public:
  /// Looks at the module's learned steps.
  explicit OscillationGuard(const NetworkModule& module);

  /// After each step that quantized: a weight that changed its level against the direction of its
  /// last change has oscillated; the share of such steps is averaged with momentum 0.01. Above
  /// `threshold` a weight is frozen on the level where it was on average; 0 freezes none. Frozen
  /// weights are put back onto their level.
  void update(double threshold);

  struct Shares {
    double oscillating = 0.0;  // of all weights on learned steps: more than one step in 50
    double frozen = 0.0;
    double zero = 0.0;  // stand on level 0
  };
  Shares shares() const;

  NamedTensors state() const;

 private:
  /// All tensors have the weight's shape.
  struct Watched {
    NetworkModule::LearnedStep learned;
    torch::Tensor level;       // where the weight stands
    torch::Tensor mean_level;  // averaged
    torch::Tensor direction;   // of its last change: -1, 0, 1
    torch::Tensor frequency;   // of oscillations
    torch::Tensor frozen;      // 1: held
  };

  static void freeze(Watched& watched, double threshold);
  static void hold(Watched& watched);

  std::vector<Watched> watched_;
};

}  // namespace coco_mcu::training
