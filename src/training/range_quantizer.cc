#include "training/range_quantizer.h"

#include <algorithm>

namespace coco_mcu::training {
namespace {

constexpr float kNarrowest =
    1e-5F;  // a learned range does not vanish: no step would widen it again

}  // namespace

Extremes extremes(const torch::Tensor& x, const LargestOverProcesses& largest) {
  const torch::NoGradGuard no_grad;
  torch::Tensor both = torch::stack({-x.min(), x.max()});
  if (largest) largest(both);
  both = both.to(torch::kCPU);
  return {.minimum = std::min(-both[0].item<float>(), 0.0F),
          .maximum = std::max(both[1].item<float>(), 0.0F)};
}

RangeQuantizer::RangeQuantizer(bool is_learned) : is_learned_(is_learned) {
  const auto hold = [&](const char* name) {
    return is_learned ? register_parameter(name, torch::zeros({}))
                      : register_buffer(name, torch::zeros({}));
  };
  minimum_ = hold("min");
  maximum_ = hold("max");
}

ChainQuantizer RangeQuantizer::quantizer() const {
  return {.minimum = minimum_, .maximum = maximum_, .known = known_, .is_nudged = is_learned_};
}

void RangeQuantizer::calibrate(const torch::Tensor& x, const LargestOverProcesses& largest) {
  if (!is_learned_) return;
  const torch::NoGradGuard no_grad;
  const Extremes seen = extremes(x, largest);
  const float share = 1.0F / static_cast<float>(++seen_);
  minimum_.mul_(1.0F - share).add_(share * seen.minimum);
  maximum_.mul_(1.0F - share).add_(share * seen.maximum);
  constrain();
}

void RangeQuantizer::constrain() {
  if (!is_learned_) return;
  const torch::NoGradGuard no_grad;
  minimum_.clamp_max_(0.0F);
  maximum_.clamp_min_(kNarrowest);
}

double RangeQuantizer::share_outside(const torch::Tensor& x) const {
  const torch::NoGradGuard no_grad;
  return x.lt(minimum_).logical_or_(x.gt(maximum_)).to(torch::kFloat).mean().item<double>();
}

}  // namespace coco_mcu::training
