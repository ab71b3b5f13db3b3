// Quantizers as tests of lowering need them, without a checkpoint.
#pragma once

#include <string>

#include "lowering/trained_quantizers.h"

namespace coco_mcu::testing {

/// Of what a node computes, with 256 codes.
inline lowering::TrainedQuantizer output_range(const std::string& node, float minimum,
                                               float maximum) {
  return {.quantizer = {.node = node}, .minimum = minimum, .maximum = maximum};
}

/// Of a node's kernel: the three levels of 2019.
inline lowering::TrainedQuantizer ternary_kernel(const std::string& node, float minimum,
                                                 float maximum) {
  return {.quantizer = {.node = node,
                        .tensor = network::QuantizedTensor::kWeight,
                        .kind = network::QuantizerKind::kTrackedRange,
                        .bits = 2,
                        .narrow_range = true},
          .minimum = minimum,
          .maximum = maximum};
}

}  // namespace coco_mcu::testing
