#include "training/fake_quantizer.h"

#include <algorithm>
#include <cmath>

namespace coco_mcu::training {
namespace {

constexpr float kMovingAverageDecay = 0.999F;  // tf.contrib.quantize's ema_decay
constexpr float kInitialRange = 6.0F;          // tf.contrib.quantize starts at [-6, 6]

class StraightThrough : public torch::autograd::Function<StraightThrough> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               double scale, double low, double high) {
    context->save_for_backward({x});
    context->saved_data["low"] = low;
    context->saved_data["high"] = high;
    if (scale == 0.0) return torch::zeros_like(x);
    // One step of float32 arithmetic after the other, as TensorFlow takes them.
    const auto step = static_cast<float>(scale);
    const float inverse = 1.0F / step;
    return x.clamp(low, high).sub_(low).mul_(inverse).add_(0.5F).floor_().mul_(step).add_(low);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const torch::Tensor x = context->get_saved_variables()[0];
    const double low = context->saved_data["low"].toDouble();
    const double high = context->saved_data["high"].toDouble();
    const torch::Tensor inside = x.ge(low).logical_and_(x.le(high));
    return {gradients[0] * inside, {}, {}, {}};
  }
};

}  // namespace

QuantizationGrid nudge(float minimum, float maximum, int bits, bool narrow_range) {
  if (minimum >= maximum) return {};
  const float lowest = narrow_range ? 1.0F : 0.0F;
  const auto highest = static_cast<float>((1 << bits) - 1);
  const float scale = (maximum - minimum) / (highest - lowest);
  const float zero_point = std::clamp(std::round(lowest - minimum / scale), lowest, highest);
  return {scale, (lowest - zero_point) * scale, (highest - zero_point) * scale};
}

torch::Tensor fake_quantize(const torch::Tensor& x, const QuantizationGrid& grid) {
  return StraightThrough::apply(x, double{grid.scale}, double{grid.low}, double{grid.high});
}

FakeQuantizer::FakeQuantizer(const TrackingOptions& options)
    : options_(options),
      minimum_(register_buffer("min", torch::tensor(-kInitialRange))),
      maximum_(register_buffer("max", torch::tensor(kInitialRange))) {}

torch::Tensor FakeQuantizer::quantize(const torch::Tensor& x) const {
  return fake_quantize(x, nudge(minimum(), maximum(), options_.bits, options_.narrow_range));
}

void FakeQuantizer::set_range(float minimum, float maximum) {
  const torch::NoGradGuard no_grad;
  minimum_.fill_(minimum);
  maximum_.fill_(maximum);
}

void FakeQuantizer::track(const torch::Tensor& x, const LargestOverProcesses& largest) {
  const torch::NoGradGuard no_grad;
  const Extremes seen = extremes(x, largest);
  if (options_.tracking == RangeTracking::kLastValue) {
    set_range(seen.minimum, seen.maximum);
    return;
  }
  const float kept = kMovingAverageDecay;
  set_range(kept * minimum() + (1.0F - kept) * seen.minimum,
            kept * maximum() + (1.0F - kept) * seen.maximum);
}

}  // namespace coco_mcu::training
