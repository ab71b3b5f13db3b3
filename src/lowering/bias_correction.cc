#include "lowering/bias_correction.h"

#include <cstddef>

namespace coco_mcu::lowering {

double mean_shift(std::span<const float> weights, const QuantizedRow& quantized,
                  std::span<const double> means) {
  double shift = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    shift += (quantized.value(i) - weights[i]) * means[i % means.size()];
  }
  return shift;
}

}  // namespace coco_mcu::lowering
