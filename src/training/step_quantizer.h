// Weights on a grid with a learned step for each output channel (LSQ: Esser et al. 2020).
#pragma once

#include "core/weight_format.h"
#include "training/libtorch.h"

namespace coco_mcu::training {

/// Step s of weight w of its channel, u = w / s:
///   ternary     y = s * clamp(round(u), -1, 1)
///   four-level  y = s / 2 * (2 * clamp(floor(u), -2, 1) + 1)
///   4 bits      y = s * clamp(round(u), -7, 7)
///   8 bits      y = s * clamp(round(u), -127, 127)
/// Halves round to even. The gradient to w is 1 inside of the outermost levels' cells and 0
/// outside; to s it is y / s - u inside and y / s outside, summed over the channel and multiplied
/// by 1 / sqrt(weights of the channel * largest level). w: [channels, ...], step: [channels],
/// positive.
torch::Tensor step_quantize(const torch::Tensor& weight, const torch::Tensor& step,
                            core::WeightFormat format);

/// For each weight the level it stands on, as step_quantize takes it: an int8 tensor of the
/// integers of the format.
torch::Tensor levels(const torch::Tensor& weight, const torch::Tensor& step,
                     core::WeightFormat format);

/// Steps with the least squared error for these weights, from a scan around 2 * mean|w| /
/// sqrt(largest level); positive also for a channel of zeros.
torch::Tensor initial_steps(const torch::Tensor& weight, core::WeightFormat format);

}  // namespace coco_mcu::training
