// step_quantize by kernels of our own on a GPU: libtorch's operations are many small ones for each
// layer, and starting them takes longer than their work.
#pragma once

#include "training/libtorch.h"
#include "training/step_loops_cuda.h"

namespace coco_mcu::training {

/// Whether the build has them (COCO_MCU_CUDA) and they can take this kernel.
bool has_cuda_loops(const torch::Tensor& weight);

torch::Tensor quantize_by_cuda(const torch::Tensor& weight, const torch::Tensor& step,
                               const StepCells& cells);

struct StepGradients {
  torch::Tensor weight;
  torch::Tensor step;  // times gradient_scale
};
StepGradients step_gradients_by_cuda(const torch::Tensor& weight, const torch::Tensor& step,
                                     const StepCells& cells, const torch::Tensor& dy,
                                     double gradient_scale);

}  // namespace coco_mcu::training
