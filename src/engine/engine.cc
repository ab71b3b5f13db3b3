#include "engine/engine.h"

#include "engine/layers.h"
#include "kernels/common.h"

namespace coco_mcu::engine {
namespace {

using model::OperatorKind;
using model::OperatorView;

constexpr std::int32_t kMaxKernel = 15;  // as the verifier has it

std::size_t align(std::size_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

/// The kernel of a layer that has weights, and where it works.
struct Choice {
  kernels::Convolution parameters;
  const kernels::ConvolutionKernel* kernel = nullptr;
  /// The plan counts what the reference needs; a back end's own kernels unpack behind the plan.
  bool works_in_plan = true;
};

Choice choose(const kernels::Backend& backend, const OperatorView& layer,
              const OperatorView& input) {
  Choice choice;
  choice.parameters = convolution_of(layer, input);
  choice.kernel = &kernel_of(backend, layer.kind, choice.parameters);
  choice.works_in_plan =
      choice.kernel->scratch_bytes(choice.parameters) == 0 ||
      choice.kernel == &kernel_of(kernels::kReferenceBackend, layer.kind, choice.parameters);
  return choice;
}

/// One layer with all that it reads and writes.
struct Step {
  const kernels::Backend& backend;
  OperatorView layer;
  OperatorView inputs[2];
  const std::uint8_t* x = nullptr;   // the first input's tensor
  const std::uint8_t* by = nullptr;  // the second's
  std::uint8_t* out = nullptr;
  std::uint8_t* scratch = nullptr;      // the plan's
  std::uint8_t* behind_plan = nullptr;  // the back end's

  std::size_t row_bytes(const OperatorView& tensor) const {
    return static_cast<std::size_t>(tensor.width) * static_cast<std::size_t>(tensor.channels);
  }
};

/// A fully connected layer that does not read every channel: those it reads, side by side.
const std::uint8_t* gather(const Step& step) {
  const OperatorView& layer = step.layer;
  if (layer.read_mask == nullptr) return step.x;
  std::uint8_t* gathered = step.scratch;
  for (std::size_t c = 0; c < static_cast<std::size_t>(step.inputs[0].channels); ++c) {
    if (model::is_in_mask(layer.read_mask, c)) *gathered++ = step.x[c];
  }
  return step.scratch;
}

/// One that does not compute every channel: from side by side, in place, to where they belong.
void spread(const Step& step) {
  const OperatorView& layer = step.layer;
  if (layer.made_mask == nullptr) return;
  const std::uint8_t* made = step.out + layer.made_channels;
  const std::uint8_t* constant = layer.constants + (layer.channels - layer.made_channels);
  for (auto c = static_cast<std::size_t>(layer.channels); c-- > 0;) {
    step.out[c] = model::is_in_mask(layer.made_mask, c) ? *--made : *--constant;
  }
}

void run_convolution(const Step& step) {
  const OperatorView& layer = step.layer;
  const OperatorView& input = step.inputs[0];
  const Choice choice = choose(step.backend, layer, input);
  const kernels::Convolution& parameters = choice.parameters;
  const std::uint8_t* x = gather(step);
  std::uint8_t* scratch =
      choice.works_in_plan ? step.scratch + model::gathered_bytes(layer) : step.behind_plan;
  choice.kernel->prepare(parameters, scratch);
  const std::size_t out_row_bytes = static_cast<std::size_t>(parameters.out_width) *
                                    static_cast<std::size_t>(parameters.out_channels);
  for (std::int32_t y = 0; y < kernel_rows(layer); ++y) {
    const std::uint8_t* rows[kMaxKernel];
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      const std::int32_t row = y * layer.stride - layer.padding + ky;
      const bool is_padding = row < 0 || row >= input.height;
      rows[ky] = is_padding ? nullptr : x + static_cast<std::size_t>(row) * step.row_bytes(input);
    }
    choice.kernel->row(parameters, scratch, rows,
                       step.out + static_cast<std::size_t>(y) * out_row_bytes);
  }
  spread(step);
}

void run_global_average(const Step& step) {
  const OperatorView& input = step.inputs[0];
  const auto channels = static_cast<std::size_t>(step.layer.channels);
  auto* sums = reinterpret_cast<std::int32_t*>(step.scratch);
  const std::size_t pixels = model::elements(input) / channels;
  // Sums of (code - zero point).
  const std::int32_t start = -input.zero_point * static_cast<std::int32_t>(pixels);
  for (std::size_t c = 0; c < channels; ++c) sums[c] = start;
  step.backend.sum_pixels(step.x, pixels, channels, sums);
  for (std::size_t c = 0; c < channels; ++c) {
    step.out[c] = core::requantize(step.layer.requantization, sums[c], c);
  }
}

void run_multiply(const Step& step) {
  const OperatorView& layer = step.layer;
  const kernels::Multiply parameters = multiply_of(layer, step.inputs[0], step.inputs[1]);
  for (std::int32_t y = 0; y < layer.height; ++y) {
    const auto row = static_cast<std::size_t>(y) * step.row_bytes(layer);
    const auto by_row = static_cast<std::size_t>((y + layer.offset) / layer.factor) *
                        step.row_bytes(step.inputs[1]);
    step.backend.multiply_row(parameters, step.x + row, step.by + by_row, step.out + row);
  }
}

void run_max_pool(const Step& step) {
  const OperatorView& layer = step.layer;
  const kernels::MaxPool parameters = max_pool_of(layer, step.inputs[0]);
  for (std::int32_t y = 0; y < layer.height; ++y) {
    const std::uint8_t* rows[kMaxKernel];
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      rows[ky] =
          step.x + static_cast<std::size_t>(y * layer.stride + ky) * step.row_bytes(step.inputs[0]);
    }
    step.backend.max_pool_row(parameters, rows,
                              step.out + static_cast<std::size_t>(y) * step.row_bytes(layer));
  }
}

void run_upsample(const Step& step) {
  const OperatorView& layer = step.layer;
  for (std::int32_t y = 0; y < layer.height; ++y) {
    const auto from = static_cast<std::size_t>((y + layer.offset) / layer.factor);
    kernels::upsample_row(step.x + from * step.row_bytes(step.inputs[0]),
                          static_cast<std::size_t>(layer.width),
                          static_cast<std::size_t>(layer.channels), layer.factor, layer.offset,
                          step.out + static_cast<std::size_t>(y) * step.row_bytes(layer));
  }
}

void run_concatenation(const Step& step) {
  const OperatorView& layer = step.layer;
  const OperatorView& x = step.inputs[0];
  const OperatorView& y = step.inputs[1];
  const kernels::Concatenation parameters = concatenation_of(layer, x, y);
  for (std::int32_t row = 0; row < layer.height; ++row) {
    const auto at = static_cast<std::size_t>(row);
    kernels::concatenate_row(parameters, step.x + at * step.row_bytes(x),
                             step.by + at * step.row_bytes(y),
                             step.out + at * step.row_bytes(layer));
  }
}

void run_step(const Step& step, const std::uint8_t* input_tables) {
  const OperatorView& layer = step.layer;
  const std::size_t count = model::elements(layer);
  switch (layer.kind) {
    case OperatorKind::kInput:
      if (layer.channels == 3) {
        kernels::input_codes(input_tables, step.out, count / 3, step.out);
      } else {
        step.backend.lookup(input_tables, step.out, count, step.out);
      }
      break;
    case OperatorKind::kConvolution:
    case OperatorKind::kDepthwise:
      run_convolution(step);
      break;
    case OperatorKind::kGlobalAverage:
      run_global_average(step);
      break;
    case OperatorKind::kMultiply:
      run_multiply(step);
      break;
    case OperatorKind::kAdd:
      step.backend.add(add_of(layer, step.inputs[0], step.inputs[1]), step.x, step.by, count,
                       step.out);
      break;
    case OperatorKind::kMaxPool:
      run_max_pool(step);
      break;
    case OperatorKind::kUpsample:
      run_upsample(step);
      break;
    case OperatorKind::kLookup:
      step.backend.lookup(layer.requantization.table, step.x, count, step.out);
      break;
    case OperatorKind::kConcatenate:
      run_concatenation(step);
      break;
    case OperatorKind::kSoftmax:
      kernels::softmax(layer.exponentials, step.x, count,
                       reinterpret_cast<std::uint16_t*>(step.out));
      break;
  }
}

}  // namespace

std::size_t arena_bytes(const model::View& model, const kernels::Backend& backend) {
  std::size_t behind = 0;
  for (int i = 0; i < model.operator_count(); ++i) {
    const OperatorView layer = model.layer(i);
    if (!model::has_weights(layer.kind)) continue;
    const Choice choice = choose(backend, layer, model.layer(layer.inputs[0]));
    const std::size_t needed =
        choice.works_in_plan ? 0 : choice.kernel->scratch_bytes(choice.parameters);
    if (needed > behind) behind = needed;
  }
  return behind == 0 ? model.arena_bytes() : align(model.arena_bytes()) + behind;
}

Engine::Engine(const model::View& model, const kernels::Backend& backend, std::uint8_t* arena)
    : model_(model), backend_(&backend), arena_(arena) {}

Decision Engine::run(Observer* observer) const {
  const int layers = model_.operator_count();
  for (int i = 0; i < layers; ++i) {
    Step step = {*backend_, model_.layer(i), {}};
    for (int input = 0; input < model::input_count(step.layer.kind); ++input) {
      step.inputs[input] = model_.layer(step.layer.inputs[input]);
    }
    step.x = tensor(step.layer.inputs[0]);
    step.by = tensor(step.layer.inputs[1]);
    step.out = tensor(i);
    step.scratch = arena_ + model_.scratch_offset(i);
    step.behind_plan = arena_ + align(model_.arena_bytes());
    run_step(step, model_.input_tables());
    if (observer != nullptr) observer->on_tensor(i, step.out, model::tensor_bytes(step.layer));
  }
  const std::int32_t probability = probabilities()[model_.decision_label()];
  return {probability, probability >= model_.threshold()};
}

const std::uint16_t* Engine::probabilities() const {
  return reinterpret_cast<const std::uint16_t*>(tensor(model_.operator_count() - 1));
}

const char* kernel_name(const model::View& model, const kernels::Backend& backend, int layer) {
  const OperatorView view = model.layer(layer);
  if (model::has_weights(view.kind)) {
    return choose(backend, view, model.layer(view.inputs[0])).kernel->name;
  }
  const kernels::Backend& reference = kernels::kReferenceBackend;
  bool is_own = false;
  switch (view.kind) {
    case OperatorKind::kMultiply:
      is_own = backend.multiply_row != reference.multiply_row;
      break;
    case OperatorKind::kAdd:
      is_own = backend.add != reference.add;
      break;
    case OperatorKind::kMaxPool:
      is_own = backend.max_pool_row != reference.max_pool_row;
      break;
    case OperatorKind::kGlobalAverage:
      is_own = backend.sum_pixels != reference.sum_pixels;
      break;
    case OperatorKind::kLookup:
      is_own = backend.lookup != reference.lookup;
      break;
    default:
      break;
  }
  return is_own ? backend.name : reference.name;
}

}  // namespace coco_mcu::engine
