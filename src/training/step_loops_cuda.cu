#include "training/step_loops_cuda.h"

namespace coco_mcu::training {
namespace {

constexpr unsigned kThreads = 128;

/// One weight in units of its step, and where it goes.
struct Unit {
  float units;
  float level;  // in units of cells
  bool is_inside;

  __device__ Unit(float weight, float step, const StepCells& cells) : units(weight / step) {
    const float cell = cells.is_half_way ? floorf(units) : rintf(units);
    const auto lowest = static_cast<float>(cells.lowest);
    const auto highest = static_cast<float>(cells.highest);
    is_inside = cell >= lowest && cell <= highest;
    level = fminf(fmaxf(cell, lowest), highest);
    if (cells.is_half_way) level = level + 0.5F;
  }
};

__global__ void quantize_kernel(CudaSteps steps, float* y) {
  const std::int64_t begin = std::int64_t{blockIdx.x} * steps.weights;
  const float step = steps.step[blockIdx.x];
  for (std::int64_t i = threadIdx.x; i < steps.weights; i += blockDim.x) {
    const Unit unit(steps.weight[begin + i], step, steps.cells);
    y[begin + i] = steps.cells.is_half_way ? unit.level * 2.0F * (step * 0.5F) : unit.level * step;
  }
}

__global__ void gradients_kernel(CudaSteps steps, const float* dy, float gradient_scale,
                                 float* to_weight, float* to_step) {
  const std::int64_t begin = std::int64_t{blockIdx.x} * steps.weights;
  const float step = steps.step[blockIdx.x];
  float sum = 0.0F;
  for (std::int64_t i = threadIdx.x; i < steps.weights; i += blockDim.x) {
    const Unit unit(steps.weight[begin + i], step, steps.cells);
    const float gradient = dy[begin + i];
    to_weight[begin + i] = unit.is_inside ? gradient : 0.0F;
    sum += gradient * (unit.is_inside ? unit.level - unit.units : unit.level);
  }
  __shared__ float of_threads[kThreads];
  of_threads[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x != 0) return;
  double total = 0.0;
  for (unsigned thread = 0; thread < blockDim.x; ++thread) {
    total += static_cast<double>(of_threads[thread]);
  }
  to_step[blockIdx.x] = static_cast<float>(total) * gradient_scale;
}

}  // namespace

void cuda_step_quantize(const CudaSteps& steps, float* y) {
  quantize_kernel<<<static_cast<unsigned>(steps.channels), kThreads>>>(steps, y);
}

void cuda_step_gradients(const CudaSteps& steps, const float* dy, float gradient_scale,
                         float* to_weight, float* to_step) {
  gradients_kernel<<<static_cast<unsigned>(steps.channels), kThreads>>>(steps, dy, gradient_scale,
                                                                        to_weight, to_step);
}

}  // namespace coco_mcu::training
