// step_quantizer.h on a GPU: one block of threads for each output channel. All pointers are the
// GPU's; the work goes to CUDA's default stream, as libtorch's does.
#pragma once

#include <cstdint>

namespace coco_mcu::training {

/// The levels of a weight format in units of the step.
struct StepCells {
  double lowest = 0.0;         // of round(u), or of floor(u) for four-level
  double highest = 0.0;        // likewise
  bool is_half_way = false;    // four-level: a level stands in the middle between two multiples
  double largest_level = 0.0;  // of the positive levels, in steps
  int integers_per_cell = 1;   // by how much the integer grows from cell to cell
};

/// Kernels [channels, weights] with a step for each channel.
struct CudaSteps {
  const float* weight = nullptr;
  const float* step = nullptr;  // [channels]
  std::int64_t channels = 0;
  std::int64_t weights = 0;  // of a channel
  StepCells cells;
};

void cuda_step_quantize(const CudaSteps& steps, float* y);
/// Gradients of weight and step; the step's is multiplied by `gradient_scale`.
void cuda_step_gradients(const CudaSteps& steps, const float* dy, float gradient_scale,
                         float* to_weight, float* to_step);

}  // namespace coco_mcu::training
