#include "training/stage_training.h"

#include <algorithm>
#include <cmath>

#include "dataset/random.h"
#include "training/batch_norm_statistics.h"
#include "training/stage_quantizers.h"
#include "training/step_quantizer.h"

namespace coco_mcu::training {
namespace {

using network::QuantizedTensor;
using network::Quantizer;
using network::QuantizerKind;

bool has(const network::Quantizers& quantizers, const Quantizer& wanted) {
  return std::ranges::find(quantizers, wanted) != quantizers.end();
}

/// Steps and ranges that the stage before did not have in the same place and format start anew.
network::Tensors carried_over(const StageStart& start, const network::Quantizers& quantizers) {
  network::Tensors tensors = start.tensors;
  for (const Quantizer& each : quantizers) {
    if (has(start.quantizers, each)) continue;
    for (const char* part : {".step", ".min", ".max"}) tensors.erase(quantizer_name(each) + part);
  }
  return tensors;
}

void set_new_steps(const NetworkModule& module, const network::Tensors& carried) {
  for (const NetworkModule::LearnedStep& each : module.learned_steps()) {
    if (carried.contains(each.name + ".step")) continue;
    each.step.detach().copy_(initial_steps(each.weight.detach(), each.format));
  }
}

void set_fixed_ranges(const NetworkModule& module, const network::QuantizationSites& sites) {
  for (const auto& [name, tensor] : tensors_of(module)) {
    for (const network::ActivationSite& each : sites.activations) {
      if (!each.is_fixed) continue;
      if (name == each.node + ".output_quantizer.min")
        tensor.fill_(static_cast<float>(each.minimum));
      if (name == each.node + ".output_quantizer.max")
        tensor.fill_(static_cast<float>(each.maximum));
    }
  }
}

}  // namespace

StageTraining::StageTraining(const Stage& stage, const TrainingTask& task,
                             const Processes& processes, const StageStart& start,
                             std::int64_t steps, std::int64_t steps_per_epoch, std::uint64_t seed)
    : stage_(stage),
      processes_(processes),
      network_(task.network),
      quantizers_(stage_quantizers(stage.quantization, task.sites, task.network)),
      device_(task.device),
      seed_(seed),
      batch_size_(task.recipe.batch_size),
      steps_(steps),
      warmup_steps_(
          std::llround(stage.schedule.warmup_epochs * static_cast<double>(steps_per_epoch))),
      frozen_from_(stage.batch_norm.freeze_after < 1.0
                       ? std::llround(stage.batch_norm.freeze_after * static_cast<double>(steps))
                       : steps) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(seed);
  module_ = std::make_shared<NetworkModule>(network_, quantizers_);
  const network::Tensors carried = carried_over(start, quantizers_);
  if (start.grow) {
    copy_overlap(carried, tensors_of(*module_));
  } else {
    copy_shared(carried, tensors_of(*module_));
  }
  set_new_steps(*module_, carried);
  set_fixed_ranges(*module_, task.sites);
  needs_calibration_ = std::ranges::any_of(quantizers_, [&](const Quantizer& each) {
    return each.kind == QuantizerKind::kLearnedRange && !has(start.quantizers, each);
  });
  module_->to(device_);
  optimizer_ =
      std::make_unique<Optimizer>(stage.optimizer, optimized_parameters(*module_, stage.optimizer));
  if (task.recipe.silence_dead) {
    silence_dead_channels(*module_);
    silent_ = std::make_unique<SilentChannels>(*module_);
  }
  if (stage.averaging > 0.0) average_ = std::make_unique<WeightAverage>(*module_, stage.averaging);
  if (!module_->learned_steps().empty()) {
    oscillation_ = std::make_unique<OscillationGuard>(*module_);
  }
}

NetworkModule::Mode StageTraining::mode(std::int64_t step) const {
  NetworkModule::Mode mode;
  mode.quantize = step >= stage_.quantization.delay;
  mode.batch_norm_momentum = stage_.batch_norm.momentum;
  mode.use_batch_statistics = !freezes_batch_norm(step);
  mode.dropout_key = dataset::Random{seed_, static_cast<std::uint64_t>(step)}.next();
  mode.first_picture = std::int64_t{processes_.rank()} * (batch_size_ / processes_.count());
  mode.sum = processes_.summing();
  mode.largest = processes_.taking_largest();
  return mode;
}

void StageTraining::calibrate(const Batches& batches) {
  const torch::NoGradGuard no_grad;
  NetworkModule::Mode calibration = mode(0);
  calibration.quantize = true;
  calibration.calibrate = true;
  calibration.use_batch_statistics = true;
  module_->train();
  for (std::int64_t i = 0; i < stage_.quantization.calibration_batches; ++i) {
    calibration.dropout_key = static_cast<std::uint64_t>(i);
    module_->set_mode(calibration);
    module_->logits(batches(i).pictures);
  }
  // The averages begin where the ranges do.
  if (average_) average_ = std::make_unique<WeightAverage>(*module_, stage_.averaging);
}

void StageTraining::reestimate(NetworkModule& module, const Batches& batches) const {
  NetworkModule::Mode estimation = mode(std::max<std::int64_t>(steps_ - 1, 0));
  reestimate_batch_norm(module, estimation, stage_.batch_norm.reestimate_batches,
                        [&](std::int64_t i) { return batches(i).pictures; });
}

StageTraining::StepResult StageTraining::step(std::int64_t step, const TrainingBatch& batch,
                                              bool wishes_to_stop) {
  module_->train();
  module_->set_mode(mode(step));
  optimizer_->zero_gradients();
  const torch::Tensor sum = loss_sum(module_->logits(batch.pictures), batch.targets,
                                     stage_.label_smoothing, stage_.distillation);
  const torch::Tensor loss = sum / static_cast<double>(batch_size_);
  loss.backward();
  std::vector<double> numbers = {loss.item<double>(), wishes_to_stop ? 1.0 : 0.0};
  processes_.sum_gradients(module_->parameters(), numbers);
  const double rate = stage_.optimizer.learning_rate *
                      schedule_factor(stage_.schedule, step, steps_, warmup_steps_);
  if (silent_) silent_->before_step();
  optimizer_->step(rate, step + 1);
  if (silent_) silent_->after_step();
  module_->constrain();
  if (oscillation_ && step >= stage_.quantization.delay) {
    const bool freezes =
        static_cast<double>(step) >= stage_.quantization.freeze_from * static_cast<double>(steps_);
    oscillation_->update(freezes ? stage_.quantization.freeze_oscillation : 0.0);
  }
  if (average_) average_->update(step + 1);
  return {.loss = numbers[0], .learning_rate = rate, .stop = numbers[1] > 0.0};
}

std::shared_ptr<NetworkModule> StageTraining::product(std::int64_t step,
                                                      const Batches& batches) const {
  network::Tensors tensors;
  for (const NamedTensors& part :
       {tensors_of(*module_), average_ ? average_->state() : NamedTensors()}) {
    training::save("product", part, tensors);
  }
  auto result = std::make_shared<NetworkModule>(network_, quantizers_);
  result->to(device_);
  training::restore("product", tensors, tensors_of(*result));
  if (stage_.batch_norm.reestimate_batches > 0 && !freezes_batch_norm(step)) {
    reestimate(*result, batches);
  }
  result->eval();
  return result;
}

bool StageTraining::is_finite() const {
  return std::ranges::all_of(module_->parameters(), [](const torch::Tensor& parameter) {
    return parameter.isfinite().all().item<bool>();
  });
}

void StageTraining::save(network::Tensors& tensors) const {
  training::save("module", tensors_of(*module_), tensors);
  training::save("optimizer", optimizer_->state(), tensors);
  if (average_) training::save("average", average_->state(), tensors);
  if (oscillation_) training::save("oscillation", oscillation_->state(), tensors);
}

void StageTraining::restore(const network::Tensors& tensors) {
  training::restore("module", tensors, tensors_of(*module_));
  training::restore("optimizer", tensors, optimizer_->state());
  if (average_) training::restore("average", tensors, average_->state());
  if (oscillation_) training::restore("oscillation", tensors, oscillation_->state());
}

}  // namespace coco_mcu::training
