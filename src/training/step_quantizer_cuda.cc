#include "training/step_quantizer_cuda.h"

namespace coco_mcu::training {
namespace {

CudaSteps steps_of(const torch::Tensor& weight, const torch::Tensor& step, const StepCells& cells) {
  CudaSteps steps;
  steps.weight = weight.data_ptr<float>();
  steps.step = step.data_ptr<float>();
  steps.channels = weight.size(0);
  steps.weights = weight.numel() / weight.size(0);
  steps.cells = cells;
  return steps;
}

}  // namespace

bool has_cuda_loops(const torch::Tensor& weight) {
  return weight.is_cuda() && weight.scalar_type() == torch::kFloat &&
         (weight.is_contiguous() || weight.is_contiguous(torch::MemoryFormat::ChannelsLast));
}

torch::Tensor quantize_by_cuda(const torch::Tensor& weight, const torch::Tensor& step,
                               const StepCells& cells) {
  torch::Tensor y = torch::empty_like(weight);
  cuda_step_quantize(steps_of(weight, step, cells), y.data_ptr<float>());
  return y;
}

StepGradients step_gradients_by_cuda(const torch::Tensor& weight, const torch::Tensor& step,
                                     const StepCells& cells, const torch::Tensor& dy,
                                     double gradient_scale) {
  const torch::Tensor gradient = torch::empty_like(weight).copy_(dy);  // in the weight's order
  StepGradients results = {torch::empty_like(weight), torch::empty_like(step)};
  cuda_step_gradients(steps_of(weight, step, cells), gradient.data_ptr<float>(),
                      static_cast<float>(gradient_scale), results.weight.data_ptr<float>(),
                      results.step.data_ptr<float>());
  return results;
}

}  // namespace coco_mcu::training
