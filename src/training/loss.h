// What a training minimizes.
#pragma once

#include "training/libtorch.h"
#include "training/recipe.h"

namespace coco_mcu::training {

/// What is known of the pictures of a batch, each tensor [pictures].
struct Targets {
  torch::Tensor labels;   // 1 shows the class, 0 does not, NaN not known
  torch::Tensor teacher;  // probability that it does, NaN not known
};

/// The sum over the pictures of the cross entropy of softmax(logits), [pictures, 2] with the class
/// second, against each picture's target, in nats:
///   (1 - w) * CE(smoothed label, p) + w * T^2 * CE(teacher_T, p_T)
/// w is distillation.weight; 0 where a picture has no teacher, 1 where it has no label; a picture
/// with neither counts nothing. T is the temperature: the logits of both are divided by it, and T^2
/// keeps the gradients' size (Hinton et al. 2015). Smoothing by s makes the label s / 2 or
/// 1 - s / 2.
torch::Tensor loss_sum(const torch::Tensor& logits, const Targets& targets, double label_smoothing,
                       const DistillationOptions& distillation);

}  // namespace coco_mcu::training
