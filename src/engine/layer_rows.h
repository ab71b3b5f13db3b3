// Carries out one layer on rows that stand anywhere: in whole tensors or in rings. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"
#include "model/view.h"

namespace coco_mcu::engine {

/// Rows of a tensor in memory: all of them, or a ring of the last `rows`.
struct RowBuffer {
  std::uint8_t* data = nullptr;
  std::int32_t rows = 1;
  std::size_t row_bytes = 0;

  std::uint8_t* row(std::int32_t y) const {
    return data + static_cast<std::size_t>(y % rows) * row_bytes;
  }
};

/// The kernel of a layer that has weights.
struct KernelChoice {
  kernels::Convolution parameters;
  const kernels::ConvolutionKernel* kernel = nullptr;
  /// The plan counts what the reference needs; a back end's own kernels unpack behind the plan.
  bool works_in_plan = true;
  std::size_t behind_plan_bytes = 0;  // that it needs there
};

/// `rows_as_one`: a pointwise convolution takes this many rows in one call.
KernelChoice choose_kernel(const kernels::Backend& backend, const model::OperatorView& layer,
                           const model::OperatorAttributes& input, std::int32_t rows_as_one);

/// A layer with the places of all that it reads and writes.
struct LayerRows {
  const kernels::Backend& backend;
  model::OperatorView layer;
  model::OperatorAttributes inputs[2] = {};
  RowBuffer x = {};                  // the first input's
  RowBuffer by = {};                 // the second's
  RowBuffer out = {};                // the input layer's: codes
  std::uint8_t* scratch = nullptr;   // the plan's
  std::uint8_t* prepared = nullptr;  // behind the plan, a back end's unpacked weights
  const std::uint8_t* input_tables = nullptr;
  const std::uint8_t* picture_row = nullptr;  // the input layer's: RGB
};

/// Unpacks the weights, once before the layer's first row.
void prepare(const LayerRows& step, std::int32_t rows_as_one);

/// Unit `unit` of the layer's work (model/row_window.h).
void run_unit(const LayerRows& step, std::int32_t unit);

/// All units at once; every buffer is whole. Unpacks the weights, too.
void run_all(const LayerRows& step);

}  // namespace coco_mcu::engine
