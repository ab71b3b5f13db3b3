#include "training/oscillation.h"

#include "training/step_quantizer.h"

namespace coco_mcu::training {
namespace {

constexpr double kMomentum = 0.01;
constexpr double kOscillates = 0.02;  // of the steps

torch::Tensor float_levels(const NetworkModule::LearnedStep& learned) {
  return levels(learned.weight, learned.step, learned.format).to(torch::kFloat);
}

/// What one unit of a level is worth: integers of the four-level format count half steps.
torch::Tensor unit(const NetworkModule::LearnedStep& learned) {
  const torch::Tensor step = learned.step.detach().view({-1, 1, 1, 1});
  return step / static_cast<double>(core::weight_step(learned.format));
}

}  // namespace

OscillationGuard::OscillationGuard(const NetworkModule& module) {
  const torch::NoGradGuard no_grad;
  for (const NetworkModule::LearnedStep& learned : module.learned_steps()) {
    const torch::Tensor level = float_levels(learned);
    watched_.push_back({.learned = learned,
                        .level = level,
                        .mean_level = level.clone(),
                        .direction = torch::zeros_like(level),
                        .frequency = torch::zeros_like(level),
                        .frozen = torch::zeros_like(level)});
  }
}

void OscillationGuard::update(double threshold) {
  const torch::NoGradGuard no_grad;
  for (Watched& each : watched_) {
    hold(each);
    const torch::Tensor level = float_levels(each.learned);
    const torch::Tensor change = torch::sign(level - each.level);
    const torch::Tensor oscillated = change * each.direction < 0;
    each.frequency.lerp_(oscillated.to(torch::kFloat), kMomentum);
    each.mean_level.lerp_(level, kMomentum);
    each.direction.copy_(torch::where(change != 0, change, each.direction));
    each.level.copy_(level);
    if (threshold > 0.0) freeze(each, threshold);
  }
}

void OscillationGuard::freeze(Watched& watched, double threshold) {
  const torch::Tensor anew = (watched.frequency > threshold).logical_and(watched.frozen == 0);
  if (!anew.any().item<bool>()) return;
  // The nearest level of the format: its integers are weight_step apart.
  const auto apart = static_cast<double>(core::weight_step(watched.learned.format));
  const auto origin = static_cast<double>(core::weight_origin(watched.learned.format));
  const torch::Tensor nearest = ((watched.mean_level - origin) / apart).round() * apart + origin;
  watched.level.copy_(torch::where(anew, nearest, watched.level));
  watched.frozen.copy_(torch::where(anew, torch::ones_like(watched.frozen), watched.frozen));
  hold(watched);
}

void OscillationGuard::hold(Watched& watched) {
  const torch::Tensor held = watched.level * unit(watched.learned);
  torch::Tensor weight = watched.learned.weight.detach();
  weight.copy_(torch::where(watched.frozen > 0, held, weight));
}

OscillationGuard::Shares OscillationGuard::shares() const {
  double oscillating = 0.0;
  double frozen = 0.0;
  double zero = 0.0;
  double count = 0.0;
  for (const Watched& each : watched_) {
    oscillating += (each.frequency > kOscillates).sum().item<double>();
    frozen += each.frozen.sum().item<double>();
    zero += (each.level == 0).sum().item<double>();
    count += static_cast<double>(each.level.numel());
  }
  if (count == 0.0) return {};
  return {.oscillating = oscillating / count, .frozen = frozen / count, .zero = zero / count};
}

NamedTensors OscillationGuard::state() const {
  NamedTensors tensors;
  for (const Watched& each : watched_) {
    const std::string& name = each.learned.name;
    tensors.emplace_back(name + "/level", each.level);
    tensors.emplace_back(name + "/mean_level", each.mean_level);
    tensors.emplace_back(name + "/direction", each.direction);
    tensors.emplace_back(name + "/frequency", each.frequency);
    tensors.emplace_back(name + "/frozen", each.frozen);
  }
  return tensors;
}

}  // namespace coco_mcu::training
