#include "training/step_quantizer.h"

#include <cmath>
#include <vector>

#include "training/step_quantizer_cuda.h"

namespace coco_mcu::training {

using core::WeightFormat;

namespace {

using Cells = StepCells;

Cells cells_of(WeightFormat format) {
  switch (format) {
    case WeightFormat::kTernary2:
      return {-1.0, 1.0, false, 1.0, 1};
    case WeightFormat::kFourLevel2:
      return {-2.0, 1.0, true, 1.5, 2};
    case WeightFormat::kSigned4:
      return {-7.0, 7.0, false, 7.0, 1};
    case WeightFormat::kSigned8:
      return {-127.0, 127.0, false, 127.0, 1};
  }
  TORCH_CHECK(false, "unknown weight format ", static_cast<int>(format));
}

/// [channels] to a shape that multiplies a tensor of so many dimensions channel by channel.
torch::Tensor for_each_channel(const torch::Tensor& values, std::int64_t dimensions) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(dimensions), 1);
  shape[0] = -1;
  return values.view(shape);
}

torch::Tensor sum_of_channels(const torch::Tensor& values) {
  return values.reshape({values.size(0), -1}).sum(1);
}

/// The cell each weight falls into, were there no end of them.
torch::Tensor unbounded_cells(const torch::Tensor& units, const Cells& cells) {
  return cells.is_half_way ? units.floor() : units.round();
}

torch::Tensor integers(const torch::Tensor& units, const Cells& cells) {
  torch::Tensor cell = unbounded_cells(units, cells).clamp_(cells.lowest, cells.highest);
  return cells.is_half_way ? cell.mul_(2.0).add_(1.0) : cell;
}

/// What one integer is worth: as lowering reconstructs a weight, in float32.
torch::Tensor integer_step(const torch::Tensor& step, const Cells& cells) {
  return cells.is_half_way ? step * 0.5 : step;
}

torch::Tensor quantized(const torch::Tensor& weight, const torch::Tensor& step_of_channel,
                        const Cells& cells) {
  return integers(weight / step_of_channel, cells).mul_(integer_step(step_of_channel, cells));
}

class StepQuantize : public torch::autograd::Function<StepQuantize> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context,
                               const torch::Tensor& weight, const torch::Tensor& step,
                               WeightFormat format) {
    context->save_for_backward({weight, step});
    context->saved_data["format"] = static_cast<std::int64_t>(format);
    const Cells cells = cells_of(format);
    if (has_cuda_loops(weight)) return quantize_by_cuda(weight, step, cells);
    return quantized(weight, for_each_channel(step, weight.dim()), cells);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const torch::Tensor& weight = saved[0];
    const Cells cells = cells_of(static_cast<WeightFormat>(context->saved_data["format"].toInt()));
    const auto weights_of_channel = static_cast<double>(weight.numel() / weight.size(0));
    const double gradient_scale = 1.0 / std::sqrt(weights_of_channel * cells.largest_level);
    if (has_cuda_loops(weight)) {
      const StepGradients both =
          step_gradients_by_cuda(weight, saved[1], cells, gradients[0], gradient_scale);
      return {both.weight, both.step, {}};
    }
    const torch::Tensor units = weight / for_each_channel(saved[1], weight.dim());
    const torch::Tensor cell = unbounded_cells(units, cells);
    const torch::Tensor inside = cell.ge(cells.lowest).logical_and_(cell.le(cells.highest));
    const torch::Tensor level = integers(units, cells).div_(cells.integers_per_cell);
    const torch::Tensor to_step = gradients[0] * (level - units * inside);
    return {gradients[0] * inside, sum_of_channels(to_step).mul_(gradient_scale), {}};
  }
};

/// The step of each channel with the least squared error among a geometric series from `lowest` to
/// `highest`.
torch::Tensor best_step(const torch::Tensor& weight, const torch::Tensor& lowest,
                        const torch::Tensor& highest, int candidates, const Cells& cells) {
  const torch::Tensor ratio = highest / lowest;
  torch::Tensor best = lowest.clone();
  torch::Tensor least_error;
  for (int i = 0; i < candidates; ++i) {
    const torch::Tensor step = lowest * ratio.pow(i / (candidates - 1.0));
    const torch::Tensor value = quantized(weight, for_each_channel(step, weight.dim()), cells);
    const torch::Tensor error = sum_of_channels((value - weight).square());
    if (!least_error.defined()) least_error = torch::full_like(error, INFINITY);
    best = torch::where(error < least_error, step, best);
    least_error = torch::minimum(error, least_error);
  }
  return best;
}

}  // namespace

torch::Tensor step_quantize(const torch::Tensor& weight, const torch::Tensor& step,
                            WeightFormat format) {
  return StepQuantize::apply(weight, step, format);
}

torch::Tensor levels(const torch::Tensor& weight, const torch::Tensor& step, WeightFormat format) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor units = weight / for_each_channel(step, weight.dim());
  return integers(units, cells_of(format)).to(torch::kChar);
}

torch::Tensor initial_steps(const torch::Tensor& weight, WeightFormat format) {
  constexpr int kCoarseCandidates = 160;
  constexpr int kFineCandidates = 17;
  constexpr double kStepOfZeros = 1e-3;  // any positive step keeps a channel of zeros at its place
  const torch::NoGradGuard no_grad;
  const Cells cells = cells_of(format);
  const torch::Tensor flat = weight.reshape({weight.size(0), -1});
  const torch::Tensor start = flat.abs().mean(1) * (2.0 / std::sqrt(cells.largest_level));
  const torch::Tensor is_zero = start.le(0.0);
  const torch::Tensor center = torch::where(is_zero, torch::ones_like(start), start);
  // A channel of few large weights among zeros wants a step that its largest weight decides.
  const torch::Tensor of_largest = std::get<0>(flat.abs().max(1)) * (1.2 / cells.largest_level);
  const torch::Tensor lowest = center * 0.1;
  const torch::Tensor highest = torch::maximum(center * 4.0, of_largest);
  const torch::Tensor coarse = best_step(flat, lowest, highest, kCoarseCandidates, cells);
  const torch::Tensor spacing = (highest / lowest).pow(1.0 / (kCoarseCandidates - 1));
  const torch::Tensor fine =
      best_step(flat, coarse / spacing, coarse * spacing, kFineCandidates, cells);
  return torch::where(is_zero, torch::full_like(fine, kStepOfZeros), fine);
}

}  // namespace coco_mcu::training
