// Integer models with random weights and every kind of layer, for tests of the model file, the
// plan, the engine and the kernels. They are valid; what they decide means nothing.
#pragma once

#include <cstdint>

#include "core/weight_format.h"
#include "model/integer_model.h"

namespace coco_mcu::testing {

struct RandomModelOptions {
  int height = 24;
  int width = 24;
  core::WeightFormat format = core::WeightFormat::kSigned8;
  int first_stride = 0;  // of the first convolution; 0: one or two, by the seed
};

/// A network in the manner of the reference: strided first convolution, a mask from a pooled and
/// upsampled branch, bottlenecks with squeeze-excite and residual, a pooled head and a softmax.
/// Channel numbers and windows vary with the seed. Without plan and golden vector.
model::IntegerModel random_model(std::uint32_t seed, const RandomModelOptions& options = {});

/// The same with a plan for whole tensors and the golden vector that the reference kernels compute.
model::IntegerModel finished_random_model(std::uint32_t seed,
                                          const RandomModelOptions& options = {});

}  // namespace coco_mcu::testing
