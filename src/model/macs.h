// Multiply-accumulates of a model. Freestanding.
#pragma once

#include <cstdint>

#include "model/view.h"

namespace coco_mcu::model {

/// Of one layer, computed once.
inline std::int64_t macs(const View& model, int layer) {
  const OperatorView view = model.layer(layer);
  return static_cast<std::int64_t>(macs(view, model.layer(view.inputs[0])));
}

/// Of all layers.
inline std::int64_t macs(const View& model) {
  std::int64_t sum = 0;
  for (int layer = 0; layer < model.operator_count(); ++layer) sum += macs(model, layer);
  return sum;
}

}  // namespace coco_mcu::model
