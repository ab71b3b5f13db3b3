#include "training/loss.h"

namespace coco_mcu::training {
namespace {

constexpr double kLeastProbability = 1e-6;  // of a teacher: its logit stays finite

/// For each picture -(q ln p + (1 - q) ln(1 - p)) of two logits; q is [pictures].
torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& target) {
  const torch::Tensor log_probabilities = torch::log_softmax(logits, 1);
  return -(target * log_probabilities.select(1, 1) +
           (1.0 - target) * log_probabilities.select(1, 0));
}

}  // namespace

torch::Tensor loss_sum(const torch::Tensor& logits, const Targets& targets, double label_smoothing,
                       const DistillationOptions& distillation) {
  const torch::Tensor has_label = ~targets.labels.isnan();
  const torch::Tensor labels = torch::nan_to_num(targets.labels);
  const torch::Tensor smoothed = labels * (1.0 - label_smoothing) + label_smoothing / 2.0;
  const torch::Tensor label_loss = cross_entropy(logits, smoothed);
  if (distillation.weight <= 0.0) return (label_loss * has_label).sum();

  const double temperature = distillation.temperature;
  const torch::Tensor has_teacher = ~targets.teacher.isnan();
  const torch::Tensor teacher = torch::sigmoid(
      torch::logit(torch::nan_to_num(targets.teacher), kLeastProbability) / temperature);
  const torch::Tensor teacher_loss =
      cross_entropy(logits / temperature, teacher) * (temperature * temperature);
  const torch::Tensor weight = has_teacher * (has_label * distillation.weight + ~has_label);
  return (label_loss * has_label * (1.0 - weight) + teacher_loss * weight).sum();
}

}  // namespace coco_mcu::training
