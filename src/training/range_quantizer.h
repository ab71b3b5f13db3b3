// The range of an activation's 256 codes: learned, or fixed by what the activation is.
#pragma once

#include <functional>

#include "training/fused_chain.h"
#include "training/libtorch.h"

namespace coco_mcu::training {

/// Takes the largest value over all processes of a training, element by element, in place.
using LargestOverProcesses = std::function<void(torch::Tensor&)>;

/// The smallest and the largest element of x over all processes, and zero: two numbers.
struct Extremes {
  float minimum = 0.0F;
  float maximum = 0.0F;
};
Extremes extremes(const torch::Tensor& x, const LargestOverProcesses& largest);

/// Holds two scalars "min" and "max": parameters where the range is learned, else buffers.
class RangeQuantizer : public torch::nn::Module {
 public:
  explicit RangeQuantizer(bool is_learned);

  /// What quantizes x on the range. It shares the two scalars with this object.
  ChainQuantizer quantizer() const;
  /// The two scalars one after the other.
  torch::Tensor scalars() const { return torch::stack({minimum_, maximum_}); }
  /// Tells the processor what they are now: for ranges that a GPU holds, before each pass.
  void set_known(float minimum, float maximum) { known_ = {minimum, maximum}; }

  /// Forgets what calibration has seen.
  void begin_calibration() { seen_ = 0; }
  /// A learned range becomes the mean of the smallest and of the largest values of the batches
  /// since calibration began. A fixed one stays.
  void calibrate(const torch::Tensor& x, const LargestOverProcesses& largest);

  /// Keeps zero inside of a learned range, and the range wider than nothing: after each step of
  /// the optimizer.
  void constrain();

  /// The share of x's elements that the range cuts off.
  double share_outside(const torch::Tensor& x) const;

 private:
  bool is_learned_;
  torch::Tensor minimum_;  // scalar
  torch::Tensor maximum_;  // scalar
  int seen_ = 0;           // batches of the calibration
  std::optional<std::pair<float, float>> known_;
};

}  // namespace coco_mcu::training
