#include "engine/layer_rows.h"

#include "core/uses.h"
#include "engine/layers.h"
#include "kernels/common.h"

namespace coco_mcu::engine {
namespace {

using model::OperatorAttributes;
using model::OperatorKind;
using model::OperatorView;

constexpr std::int32_t kMaxKernel = 15;  // as the verifier has it

/// A fully connected layer that does not read every channel: those it reads, side by side.
const std::uint8_t* gather(const LayerRows& step) {
  const OperatorView& layer = step.layer;
  std::uint8_t* gathered = step.scratch;
  for (std::size_t c = 0; c < static_cast<std::size_t>(step.inputs[0].channels); ++c) {
    if (model::is_in_mask(layer.read_mask, c)) *gathered++ = step.x.data[c];
  }
  return step.scratch;
}

/// One that does not compute every channel: from side by side, in place, to where they belong.
void spread(const LayerRows& step) {
  const OperatorView& layer = step.layer;
  const std::uint8_t* made = step.out.data + layer.made_channels;
  const std::uint8_t* constant = layer.constants + (layer.channels - layer.made_channels);
  for (auto c = static_cast<std::size_t>(layer.channels); c-- > 0;) {
    step.out.data[c] = model::is_in_mask(layer.made_mask, c) ? *--made : *--constant;
  }
}

std::uint8_t* kernel_scratch(const LayerRows& step, const KernelChoice& choice) {
  return choice.works_in_plan ? step.scratch + model::gathered_bytes(step.layer) : step.prepared;
}

void convolve_row(const LayerRows& step, const KernelChoice& choice, std::int32_t y) {
  const OperatorView& layer = step.layer;
  const std::uint8_t* rows[kMaxKernel];
  for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
    const std::int32_t row = y * layer.stride - layer.padding + ky;
    const bool is_padding = row < 0 || row >= step.inputs[0].height;
    rows[ky] = is_padding ? nullptr : step.x.row(row);
  }
  if (core::kUsesMasks && layer.read_mask != nullptr) rows[0] = gather(step);
  choice.kernel->row(choice.parameters, kernel_scratch(step, choice), rows, step.out.row(y));
  if (core::kUsesMasks && layer.made_mask != nullptr) spread(step);
}

void average_rows(const LayerRows& step, std::int32_t first, std::int32_t count) {
  const OperatorAttributes& input = step.inputs[0];
  const auto channels = static_cast<std::size_t>(step.layer.channels);
  auto* sums = reinterpret_cast<std::int32_t*>(step.scratch);
  if (first == 0) {
    // Sums of (code - zero point).
    const std::int32_t start = -input.zero_point * input.height * input.width;
    for (std::size_t c = 0; c < channels; ++c) sums[c] = start;
  }
  const auto pixels = static_cast<std::size_t>(input.width) * static_cast<std::size_t>(count);
  step.backend.sum_pixels(step.x.row(first), pixels, channels, sums);
  if (first + count < input.height) return;
  for (std::size_t c = 0; c < channels; ++c) {
    step.out.data[c] = core::requantize(step.layer.requantization, sums[c], c);
  }
}

void multiply_row(const LayerRows& step, std::int32_t y) {
  const kernels::Multiply parameters = multiply_of(step.layer, step.inputs[0], step.inputs[1]);
  backend_for(step.backend, step.layer)
      .multiply_row(parameters, step.x.row(y),
                    step.by.row((y + step.layer.offset) / step.layer.factor), step.out.row(y));
}

void max_pool_row(const LayerRows& step, std::int32_t y) {
  const std::uint8_t* rows[kMaxKernel];
  for (std::int32_t ky = 0; ky < step.layer.kernel; ++ky) {
    rows[ky] = step.x.row(y * step.layer.stride + ky);
  }
  step.backend.max_pool_row(max_pool_of(step.layer, step.inputs[0]), rows, step.out.row(y));
}

void upsample_row(const LayerRows& step, std::int32_t y) {
  const OperatorView& layer = step.layer;
  kernels::upsample_row(
      step.x.row((y + layer.offset) / layer.factor), static_cast<std::size_t>(layer.width),
      static_cast<std::size_t>(layer.channels), layer.factor, layer.offset, step.out.row(y));
}

void concatenate_row(const LayerRows& step, std::int32_t y) {
  kernels::concatenate_row(concatenation_of(step.layer, step.inputs[0], step.inputs[1]),
                           step.x.row(y), step.by.row(y), step.out.row(y));
}

/// Rows first .. first + count - 1 of a layer that takes code by code. Several lie side by side.
void run_codes(const LayerRows& step, std::int32_t first, std::int32_t count) {
  const OperatorView& layer = step.layer;
  std::uint8_t* out = step.out.row(first);
  const std::size_t codes = static_cast<std::size_t>(count) * step.out.row_bytes;
  if (core::kUsesColour && layer.kind == OperatorKind::kInput && layer.channels == 3) {
    kernels::input_codes(step.input_tables, step.picture_row, codes / 3, out);
  } else if (core::kUsesGrey && layer.kind == OperatorKind::kInput) {
    step.backend.lookup(step.input_tables, step.picture_row, codes, out);
  } else if (core::kUsesAdd && layer.kind == OperatorKind::kAdd) {
    backend_for(step.backend, layer)
        .add(add_of(layer, step.inputs[0], step.inputs[1]), step.x.row(first), step.by.row(first),
             codes, out);
  } else if (core::kUsesLookup) {
    step.backend.lookup(layer.requantization.table, step.x.row(first), codes, out);
  }
}

}  // namespace

KernelChoice choose_kernel(const kernels::Backend& backend, const OperatorView& layer,
                           const OperatorAttributes& input, std::int32_t rows_as_one) {
  KernelChoice choice;
  choice.parameters = convolution_of(layer, input, rows_as_one);
  choice.kernel = &kernel_of(backend, layer.kind, choice.parameters);
  const std::size_t scratch = choice.kernel->scratch_bytes(choice.parameters);
  choice.works_in_plan = scratch == 0 || choice.kernel->is_reference;
  if (!choice.works_in_plan) choice.behind_plan_bytes = scratch;
  return choice;
}

void prepare(const LayerRows& step, std::int32_t rows_as_one) {
  if (!model::has_weights(step.layer.kind)) return;
  const KernelChoice choice = choose_kernel(step.backend, step.layer, step.inputs[0], rows_as_one);
  choice.kernel->prepare(choice.parameters, kernel_scratch(step, choice));
}

void run_unit(const LayerRows& step, std::int32_t unit) {
  const OperatorView& layer = step.layer;
  switch (layer.kind) {
    case OperatorKind::kConvolution:
    case OperatorKind::kDepthwise:
      convolve_row(step, choose_kernel(step.backend, layer, step.inputs[0], 1), unit);
      break;
    case OperatorKind::kGlobalAverage:
      if (core::kUsesGlobalAverage) average_rows(step, unit, 1);
      break;
    case OperatorKind::kMultiply:
      if (core::kUsesMultiply) multiply_row(step, unit);
      break;
    case OperatorKind::kMaxPool:
      if (core::kUsesMaxPool) max_pool_row(step, unit);
      break;
    case OperatorKind::kUpsample:
      if (core::kUsesUpsample) upsample_row(step, unit);
      break;
    case OperatorKind::kConcatenate:
      if (core::kUsesConcatenate) concatenate_row(step, unit);
      break;
    case OperatorKind::kInput:
    case OperatorKind::kAdd:
    case OperatorKind::kLookup:
      run_codes(step, unit, 1);
      break;
    case OperatorKind::kSoftmax:
      kernels::softmax(layer.exponentials, step.x.data, model::elements(layer),
                       reinterpret_cast<std::uint16_t*>(step.out.data));
      break;
  }
}

void run_all(const LayerRows& step) {
  const OperatorView& layer = step.layer;
  const std::int32_t rows = rows_at_once(layer);
  prepare(step, rows);
  if (model::has_weights(layer.kind)) {
    const KernelChoice choice = choose_kernel(step.backend, layer, step.inputs[0], rows);
    for (std::int32_t y = 0; y < layer.height; y += rows) convolve_row(step, choice, y);
  } else if (core::kUsesGlobalAverage && layer.kind == OperatorKind::kGlobalAverage) {
    average_rows(step, 0, step.inputs[0].height);
  } else if (takes_codes(layer.kind)) {
    run_codes(step, 0, layer.height);
  } else {
    for (std::int32_t y = 0; y < layer.height; ++y) run_unit(step, y);
  }
}

}  // namespace coco_mcu::engine
