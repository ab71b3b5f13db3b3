// Fake quantization with the exact semantics of TensorFlow's FakeQuantWithMinMaxVars: floats that
// take only the values an integer of so many bits can stand for.
#pragma once

#include "training/libtorch.h"
#include "training/range_quantizer.h"

namespace coco_mcu::training {

/// The grid of a quantizer after nudging its range so that zero is one of its values.
struct QuantizationGrid {
  float scale = 0.0F;  // step between two values; 0 for an empty range, which quantizes to zero
  float low = 0.0F;    // lowest value
  float high = 0.0F;   // highest value
};

/// scale = (max - min) / (qmax - qmin); zero point = round_half_away(qmin - min / scale) clamped to
/// [qmin, qmax]; with qmin = 1 for a narrow range, else 0, and qmax = 2^bits - 1.
QuantizationGrid nudge(float minimum, float maximum, int bits, bool narrow_range);

/// y = floor((clamp(x, low, high) - low) / scale + 0.5) * scale + low. The gradient passes straight
/// through where low <= x <= high and is zero elsewhere. Any shape, float32.
torch::Tensor fake_quantize(const torch::Tensor& x, const QuantizationGrid& grid);

/// How the range follows the values that are seen in training.
enum class RangeTracking {
  kLastValue,      // minimum and maximum of the last tensor: weights
  kMovingAverage,  // exponential moving average of those: activations
};

struct TrackingOptions {
  int bits = 8;
  bool narrow_range = false;  // without the lowest code: symmetric weights
  RangeTracking tracking = RangeTracking::kMovingAverage;
};

/// Quantizes a tensor on a range that it keeps as two scalars and that follows what it sees. The
/// range always contains zero.
class FakeQuantizer : public torch::nn::Module {
 public:
  explicit FakeQuantizer(const TrackingOptions& options);

  /// Moves the range. `largest` may be empty: this process alone.
  void track(const torch::Tensor& x, const LargestOverProcesses& largest = {});
  torch::Tensor quantize(const torch::Tensor& x) const;
  void set_range(float minimum, float maximum);
  float minimum() const { return minimum_.item<float>(); }
  float maximum() const { return maximum_.item<float>(); }

 private:
  TrackingOptions options_;
  torch::Tensor minimum_;  // scalar
  torch::Tensor maximum_;  // scalar
};

}  // namespace coco_mcu::training
