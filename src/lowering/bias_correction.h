// Rounding a channel's weights shifts its mean output; the bias takes that back (Nagel et al. 2019,
// "Data-free quantization through weight equalization and bias correction").
#pragma once

#include <span>

#include "lowering/quantize_weights.h"

namespace coco_mcu::lowering {

/// What quantization adds to the mean of a convolution's channel: the sum over its window of
/// (quantized - real weight) * mean input. `means` holds the mean of every input channel, innermost
/// in the window (one for a depthwise channel). Padding is ignored.
double mean_shift(std::span<const float> weights, const QuantizedRow& quantized,
                  std::span<const double> means);

}  // namespace coco_mcu::lowering
