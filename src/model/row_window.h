// Which rows of its inputs a layer reads for one row of its output. Freestanding.
#pragma once

#include <cstdint>

#include "model/operator_attributes.h"

namespace coco_mcu::model {

/// Rows first .. end - 1.
struct RowRange {
  std::int32_t first = 0;
  std::int32_t end = 0;
};

/// The rows of one input that a layer reads in its unit of work `u`, before they are cut to the
/// input: `span` rows from (u * stride + shift) / factor on.
struct RowWindow {
  std::int16_t shift = 0;  // negative only where factor is 1
  std::int16_t factor = 1;
  std::int16_t stride = 1;
  std::int16_t span = 1;
  std::int16_t height = 0;  // rows of the input

  constexpr RowRange rows(std::int32_t unit) const {
    const std::int32_t first = (unit * stride + shift) / factor;
    const std::int32_t end = first + span;
    return {first < 0 ? 0 : first, end > height ? height : end};
  }
};

/// Units of work: one for each row of the output; an average takes one row of its input at a time.
constexpr std::int32_t row_units(const OperatorAttributes& layer, const OperatorAttributes& input) {
  return layer.kind == OperatorKind::kGlobalAverage ? input.height : layer.height;
}

/// What `layer` reads of its input number `index`.
constexpr RowWindow row_window(const OperatorAttributes& layer, int index,
                               const OperatorAttributes& input) {
  RowWindow window;
  window.height = static_cast<std::int16_t>(input.height);
  if (has_weights(layer.kind) || layer.kind == OperatorKind::kMaxPool) {
    window.stride = static_cast<std::int16_t>(layer.stride);
    window.shift = static_cast<std::int16_t>(-layer.padding);
    window.span = static_cast<std::int16_t>(layer.kernel);
  }
  const bool is_coarse = layer.kind == OperatorKind::kUpsample ||
                         (layer.kind == OperatorKind::kMultiply && index == 1);
  if (is_coarse) {
    window.shift = static_cast<std::int16_t>(layer.offset);
    window.factor = static_cast<std::int16_t>(layer.factor);
  }
  return window;
}

/// Bytes of one row of the output tensor.
constexpr std::size_t row_bytes(const OperatorAttributes& layer) {
  return tensor_bytes(layer) / static_cast<std::size_t>(layer.height);
}

}  // namespace coco_mcu::model
