#include "training/fused_chain.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "training/chain_backend.h"
#include "training/fake_quantizer.h"

namespace coco_mcu::training {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int kCodeBits = 8;
constexpr float kHighestCode = 255.0F;

ChainGrid grid_of(const ChainQuantizer& quantizer) {
  if (!quantizer.is_active()) return {};
  const auto [minimum, maximum] =
      quantizer.known ? *quantizer.known
                      : std::pair(quantizer.minimum.item<float>(), quantizer.maximum.item<float>());
  const double precise_scale = (double{maximum} - double{minimum}) / kHighestCode;
  if (!quantizer.is_nudged) {
    // 255 itself for a gate of 0..1, not 1 / (1 / 255): a gate of one half is a tie that rounds up.
    const float range = maximum - minimum;
    if (range <= 0.0F) return {};
    return {range / kHighestCode, kHighestCode / range, minimum, maximum, precise_scale};
  }
  const QuantizationGrid grid = nudge(minimum, maximum, kCodeBits, false);
  const float inverse = grid.scale == 0.0F ? 0.0F : 1.0F / grid.scale;
  return {grid.scale, inverse, grid.low, grid.high, precise_scale};
}

Activation activation_of(network::Op op) {
  switch (op) {
    case network::Op::kInput:
      return Activation::kNone;
    case network::Op::kRelu:
      return Activation::kRelu;
    case network::Op::kHardSwish:
      return Activation::kHardSwish;
    case network::Op::kHardSigmoid:
      return Activation::kHardSigmoid;
    case network::Op::kSigmoidPlusOne:
      return Activation::kSigmoidPlusOne;
    default:
      TORCH_CHECK(false, "no activation: ", network::op_name(op));
  }
}

bool is_learned(const ChainQuantizer& quantizer) {
  return quantizer.is_active() &&
         (quantizer.minimum.requires_grad() || quantizer.maximum.requires_grad());
}

/// What both autograd functions keep from forward to backward besides saved variables.
struct ChainState : torch::CustomClassHolder {
  ChainState(const Chain& chain, const torch::Tensor& x)
      : functions{chain.before.is_active(), grid_of(chain.before), activation_of(chain.activation),
                  chain.after.is_active(), grid_of(chain.after)},
        learns_ranges(is_learned(chain.before) || is_learned(chain.after)),
        needs_input_gradient(x.requires_grad()),
        backend(chain_backend_for(x)) {}

  ChainFunctions functions;
  bool learns_ranges;
  bool needs_input_gradient;
  const ChainBackend& backend;
  ChannelMap map;
  // Batch norm only:
  torch::Tensor mean;               // [channels], double
  torch::Tensor inverse_deviation;  // [channels], double
  double elements = 0.0;            // of a channel in all processes; 0: running statistics
  SumOverProcesses sum;
};

void keep(AutogradContext* context, c10::intrusive_ptr<ChainState> state) {
  context->saved_data["state"] = c10::IValue::make_capsule(std::move(state));
}

/// What `keep` was given; lives as long as the context.
const ChainState& state_of(AutogradContext* context) {
  return static_cast<const ChainState&>(*context->saved_data["state"].toCapsule());
}

/// Autograd functions take no undefined tensors.
torch::Tensor defined(const torch::Tensor& tensor) {
  return tensor.defined() ? tensor : torch::empty({0});
}

/// The gradients of a chain's four range scalars (fused_chain.h), saved behind x. `sums` are the
/// backend's, undefined where no range learns.
variable_list range_gradients(const torch::Tensor& sums, const variable_list& saved) {
  variable_list gradients(4);
  if (!sums.defined()) return gradients;
  const torch::Tensor& x = saved[0];
  const auto elements = static_cast<double>(x.numel() / x.size(0));
  const double gradient_scale = 1.0 / std::sqrt(elements * double{kHighestCode});
  const torch::Tensor inside = sums.select(1, 0) / double{kHighestCode};
  const torch::Tensor to_minimum = (sums.select(1, 2) - inside) * gradient_scale;
  const torch::Tensor to_maximum = (sums.select(1, 1) + inside) * gradient_scale;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const torch::Tensor& scalar = saved[1 + i];
    if (scalar.numel() == 0) continue;
    const torch::Tensor& of_quantizers = i % 2 == 0 ? to_minimum : to_maximum;
    gradients[i] = of_quantizers[static_cast<std::int64_t>(i / 2)].to(scalar.scalar_type());
  }
  return gradients;
}

ChannelMap no_correction(const ChannelMap& map) {
  const torch::Tensor zeros = torch::zeros_like(map.shift);
  return {zeros, zeros};
}

/// z = x * gate with a gate of [pictures or 1, channels].
class GatedChain : public torch::autograd::Function<GatedChain> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& gate, const torch::Tensor& before_minimum,
                               const torch::Tensor& before_maximum,
                               const torch::Tensor& after_minimum,
                               const torch::Tensor& after_maximum,
                               const c10::intrusive_ptr<ChainState>& state) {
    context->save_for_backward({x, before_minimum, before_maximum, after_minimum, after_maximum});
    context->saved_data["needs_gate_gradient"] = gate.requires_grad();
    keep(context, state);
    state->map = {gate, torch::zeros({1, x.size(1)}, x.options())};
    return state->backend.forward(x, state->map, state->functions);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const ChainState& state = state_of(context);
    const torch::Tensor& x = saved[0];
    const torch::Tensor& dy = gradients[0];
    const bool needs_gate_gradient = context->saved_data["needs_gate_gradient"].toBool();
    variable_list results(7);
    if (needs_gate_gradient || state.learns_ranges) {
      torch::Tensor ranges;
      const torch::Tensor sums = state.backend.backward_sums(
          x, dy, state.map, state.functions, state.learns_ranges ? &ranges : nullptr);
      if (needs_gate_gradient) results[1] = sums.select(1, 1).to(x.scalar_type());
      std::ranges::move(range_gradients(ranges, saved), results.begin() + 2);
    }
    if (state.needs_input_gradient) {
      results[0] =
          state.backend.backward_input(x, dy, state.map, state.functions, no_correction(state.map));
    }
    return results;
  }
};

/// Mean and variance over all pictures and pixels, of all processes.
struct Statistics {
  torch::Tensor mean;      // [channels], double
  torch::Tensor variance;  // [channels], double, of the whole population
  double elements = 0.0;   // of a channel
};

Statistics batch_statistics(const torch::Tensor& x, const ChainBackend& backend,
                            const SumOverProcesses& sum) {
  const std::int64_t channels = x.size(1);
  const auto elements_here = static_cast<double>(x.numel() / channels);
  torch::Tensor totals = backend.statistics(x).flatten();
  double elements = elements_here;
  if (sum) {
    totals = torch::cat({totals, torch::full({1}, elements_here, totals.options())});
    sum(totals);
    elements = totals[2 * channels].item<double>();
  }
  const torch::Tensor mean = totals.narrow(0, 0, channels) / elements;
  const torch::Tensor mean_square = totals.narrow(0, channels, channels) / elements;
  return {mean, (mean_square - mean.square()).clamp_min(0.0), elements};
}

void update_running_statistics(const BatchNorm& norm, const Statistics& batch) {
  const double unbiased = batch.elements > 1.0 ? batch.elements / (batch.elements - 1.0) : 1.0;
  const auto follow = [&](torch::Tensor running, const torch::Tensor& seen) {
    running.mul_(norm.momentum).add_(seen.to(running.scalar_type()), 1.0 - norm.momentum);
  };
  follow(norm.running_mean, batch.mean);
  follow(norm.running_var, batch.variance * unbiased);
}

/// z = (x - mean) / deviation * weight + bias.
class BatchNormChain : public torch::autograd::Function<BatchNormChain> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               const torch::Tensor& before_minimum,
                               const torch::Tensor& before_maximum,
                               const torch::Tensor& after_minimum,
                               const torch::Tensor& after_maximum, const BatchNorm& norm,
                               const c10::intrusive_ptr<ChainState>& state) {
    context->save_for_backward({x, before_minimum, before_maximum, after_minimum, after_maximum});
    keep(context, state);
    Statistics statistics;
    if (norm.use_batch_statistics) {
      statistics = batch_statistics(x, state->backend, norm.sum);
      update_running_statistics(norm, statistics);
    } else {
      statistics = {norm.running_mean.to(torch::kDouble), norm.running_var.to(torch::kDouble)};
    }
    state->mean = statistics.mean;
    state->inverse_deviation = (statistics.variance + norm.epsilon).rsqrt();
    state->elements = statistics.elements;
    state->sum = norm.sum;
    const torch::Tensor gain = weight.to(torch::kDouble) * state->inverse_deviation;
    const torch::Tensor shift = bias.to(torch::kDouble) - statistics.mean * gain;
    state->map = {gain.to(x.scalar_type()).unsqueeze(0), shift.to(x.scalar_type()).unsqueeze(0)};
    return state->backend.forward(x, state->map, state->functions);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const ChainState& state = state_of(context);
    const torch::Tensor& x = saved[0];
    torch::Tensor ranges;
    const torch::Tensor sums = state.backend
                                   .backward_sums(x, gradients[0], state.map, state.functions,
                                                  state.learns_ranges ? &ranges : nullptr)
                                   .sum(0);
    const torch::Tensor sum_normalized =  // of dz * (x - mean) / deviation
        (sums[1] - state.mean * sums[0]) * state.inverse_deviation;
    variable_list results = {torch::Tensor(), sum_normalized.to(x.scalar_type()),
                             sums[0].to(x.scalar_type())};
    const variable_list of_ranges = range_gradients(ranges, saved);
    results.insert(results.end(), of_ranges.begin(), of_ranges.end());
    results.resize(9);
    if (state.needs_input_gradient) {
      results[0] = state.backend.backward_input(
          x, gradients[0], state.map, state.functions,
          input_correction(state, torch::cat({sums[0], sum_normalized})));
    }
    return results;
  }

 private:
  /// What the batch's own statistics add to dx = gain * dz (Ioffe and Szegedy 2015): with
  /// n(x) = (x - mean) / deviation, - gain * (sum(dz) + n(x) * sum(dz * n(x))) / elements.
  static ChannelMap input_correction(const ChainState& state, torch::Tensor totals) {
    if (state.elements == 0.0) return no_correction(state.map);
    if (state.sum) state.sum(totals);
    const std::int64_t channels = state.mean.size(0);
    const torch::Tensor factor = state.map.gain[0].to(torch::kDouble) / -state.elements;
    const torch::Tensor by_x =
        factor * totals.narrow(0, channels, channels) * state.inverse_deviation;
    const torch::Tensor constant = factor * totals.narrow(0, 0, channels) - by_x * state.mean;
    const auto type = state.map.gain.scalar_type();
    return {by_x.to(type).unsqueeze(0), constant.to(type).unsqueeze(0)};
  }
};

void check_shape(const torch::Tensor& x) {
  TORCH_CHECK(x.dim() == 4 && x.numel() > 0,
              "a chain takes [pictures, channels, height, width], none of them 0, not ", x.sizes());
}

torch::Tensor gated(const torch::Tensor& x, const torch::Tensor& gate, const Chain& chain) {
  return GatedChain::apply(x, gate, defined(chain.before.minimum), defined(chain.before.maximum),
                           defined(chain.after.minimum), defined(chain.after.maximum),
                           c10::make_intrusive<ChainState>(chain, x));
}

}  // namespace

torch::Tensor batch_norm_chain(const torch::Tensor& x, const BatchNorm& norm, const Chain& chain) {
  check_shape(x);
  return BatchNormChain::apply(x, norm.weight, norm.bias, defined(chain.before.minimum),
                               defined(chain.before.maximum), defined(chain.after.minimum),
                               defined(chain.after.maximum), norm,
                               c10::make_intrusive<ChainState>(chain, x));
}

torch::Tensor multiply_chain(const torch::Tensor& x, const torch::Tensor& gate,
                             const Chain& chain) {
  check_shape(x);
  TORCH_CHECK(gate.dim() == 4 && gate.size(0) == x.size(0) && gate.size(1) == x.size(1),
              "a gate for ", x.sizes(), " has the same pictures and channels, not ", gate.sizes());
  if (gate.size(2) != 1 || gate.size(3) != 1) return apply_chain(x * gate, chain);
  return gated(x, gate.reshape({gate.size(0), gate.size(1)}), chain);
}

torch::Tensor apply_chain(const torch::Tensor& x, const Chain& chain) {
  check_shape(x);
  return gated(x, torch::ones({1, x.size(1)}, x.options()), chain);
}

}  // namespace coco_mcu::training
