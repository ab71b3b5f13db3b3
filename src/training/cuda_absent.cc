// In place of the CUDA kernels, where the build has none: libtorch's operations do their work.
#include "training/chain_backend.h"
#include "training/step_quantizer_cuda.h"

namespace coco_mcu::training {

const ChainBackend* cuda_chain_backend() {
  return nullptr;
}

bool has_cuda_loops(const torch::Tensor& /*weight*/) {
  return false;
}

torch::Tensor quantize_by_cuda(const torch::Tensor& /*weight*/, const torch::Tensor& /*step*/,
                               const StepCells& /*cells*/) {
  TORCH_CHECK(false, "built without CUDA kernels");
}

StepGradients step_gradients_by_cuda(const torch::Tensor& /*weight*/, const torch::Tensor& /*step*/,
                                     const StepCells& /*cells*/, const torch::Tensor& /*dy*/,
                                     double /*gradient_scale*/) {
  TORCH_CHECK(false, "built without CUDA kernels");
}

}  // namespace coco_mcu::training
