#include "lowering/settle.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lowering/parameters.h"
#include "lowering/policy.h"
#include "lowering/quantize.h"
#include "lowering/quantize_grids.h"
#include "lowering/reduce.h"
#include "lowering/trained_quantizers.h"

namespace coco_mcu::lowering {

using model::OperatorKind;

namespace {

/// Neighbours of a float32 that are tried in either direction.
constexpr int kNeighbours = 300;

/// The float32 near `start` for which `error` is least.
template <typename Error>
float best_neighbour(double start, const Error& error) {
  const auto middle = static_cast<float>(start);
  float best = middle;
  double least = error(middle);
  for (const float direction : {-HUGE_VALF, HUGE_VALF}) {
    float candidate = middle;
    for (int i = 0; i < kNeighbours; ++i) {
      candidate = std::nextafterf(candidate, direction);
      const double found = error(candidate);
      if (found < least) {
        least = found;
        best = candidate;
      }
    }
  }
  return best;
}

/// Puts `factor` into a gain and a variance whose quotient comes nearer to it than one float32
/// could. Returns what they amount to.
double settle_factor(double factor, float& weight, float& variance) {
  const auto variance_for = [&](float w) {
    const double deviation = w / factor;
    return static_cast<float>(std::max(deviation * deviation - network::kBatchNormEpsilon, 0.0));
  };
  const auto gain_of = [](float w, float v) {
    return w / std::sqrt(v + network::kBatchNormEpsilon);
  };
  weight = best_neighbour(factor * std::sqrt(variance + network::kBatchNormEpsilon),
                          [&](float w) { return std::abs(gain_of(w, variance_for(w)) - factor); });
  variance = variance_for(weight);
  return gain_of(weight, variance);
}

/// The same with `addend` = bias - (mean - before) * gain.
void settle_addend(double addend, double gain, double before, float& bias, float& mean) {
  const auto mean_for = [&](float b) { return static_cast<float>((b - addend) / gain + before); };
  bias = best_neighbour(addend + (mean - before) * gain, [&](float b) {
    return std::abs(b - (mean_for(b) - before) * gain - addend);
  });
  mean = mean_for(bias);
}

/// Puts `range` into its two ends, whose difference comes nearer to it than one float32 could. Zero
/// keeps its code.
void settle_ends(double range, float& minimum, float& maximum) {
  const double share = minimum / (double{minimum} - double{maximum});
  const auto minimum_for = [&](float end) { return static_cast<float>(end - range); };
  maximum = best_neighbour(range * (1.0 - share), [&](float end) {
    const float other = minimum_for(end);
    return other > 0.0F ? HUGE_VAL : std::abs(double{end} - other - range);
  });
  minimum = minimum_for(maximum);
}

/// The float32 nearest to `value` whose products with the integers of a weight are exact.
float short_float(float value) {
  constexpr int kBits = 16;
  int exponent = 0;
  const float fraction = std::frexp(value, &exponent);
  return std::ldexp(std::round(std::ldexp(fraction, kBits)), exponent - kBits);
}

/// What lowering makes its integers of: the network without what is dead, as it stands now.
struct Lowered {
  explicit Lowered(const network::Network& network, const network::Checkpoint& checkpoint)
      : reduced(reduce(network, checkpoint.tensors,
                       trained_quantizers(checkpoint.quantizers, checkpoint.tensors),
                       checkpoint.preprocessing, {})),
        operators(fuse(reduced.network)) {
    read_ranges();
    options.preprocessing = checkpoint.preprocessing;
    options.bias_correction = false;
    options.formats = choose_formats("trained", reduced.network, operators, reduced.tensors);
  }

  void read_ranges() {
    calibration.ranges = trained_ranges(reduced.network, operators,
                                        trained_quantizers(reduced.quantizers, reduced.tensors));
  }

  std::vector<Affine> rounded(std::size_t index) const {
    return rounded_affine(reduced.network, operators, reduced.tensors, calibration, options, index);
  }

  double rounding(std::size_t index) const {
    return rounding_of_multiplier(reduced.network, operators, reduced.tensors, calibration, options,
                                  index);
  }

  ReducedNetwork reduced;
  FusedNetwork operators;
  Calibration calibration;
  QuantizeOptions options;
};

/// Steps first, which batch norms take on; then the ranges behind layers without weights, in order,
/// as the scales that later ones read follow from them; then what convolutions are multiplied by
/// and what is added to them, all at once.
class Settling {
 public:
  Settling(const network::Network& network, network::Checkpoint& checkpoint)
      : network_(network), checkpoint_(checkpoint) {}

  void run() {
    for (const FusedOperator& each : fuse(network_)) {
      if (model::has_weights(each.kind) && each.batch_norm) shorten_steps(each);
    }
    Lowered lowered(network_, checkpoint_);
    for (std::size_t index = 0; index < lowered.operators.size(); ++index) {
      const OperatorKind kind = lowered.operators[index].kind;
      const bool has_one_multiplier = kind == OperatorKind::kGlobalAverage ||
                                      kind == OperatorKind::kMultiply || kind == OperatorKind::kAdd;
      if (has_one_multiplier) settle_range(lowered, index);
    }
    lowered = Lowered(network_, checkpoint_);  // folded constants follow from the ranges
    for (std::size_t index = 0; index < lowered.operators.size(); ++index) {
      if (model::has_weights(lowered.operators[index].kind)) settle_convolution(lowered, index);
    }
  }

 private:
  const network::Node& node(std::string_view name) const {
    return network_.nodes[network_.find(name).value()];
  }

  std::vector<float>* steps_of(const network::Node& convolution) {
    const auto steps = checkpoint_.tensors.find(convolution.name + ".weight_quantizer.step");
    return steps == checkpoint_.tensors.end() ? nullptr : &steps->second.values;
  }

  void shorten_steps(const FusedOperator& each) {
    const network::Node& convolution = network_.nodes[each.node];
    std::vector<float>* steps = steps_of(convolution);
    if (steps == nullptr) return;
    for (std::size_t c = 0; c < steps->size(); ++c) {
      const float step = (*steps)[c];
      (*steps)[c] = short_float(step);
      scale_row(convolution, c, (*steps)[c] / step);
    }
  }

  /// An output channel's weights, which its step then leaves on the integers they are on.
  void scale_row(const network::Node& convolution, std::size_t channel, float change) {
    std::vector<float>& weights = parameter(checkpoint_.tensors, convolution, "weight");
    const std::size_t row_size =
        weights.size() / static_cast<std::size_t>(convolution.output.channels);
    for (float& weight : std::span(weights).subspan(channel * row_size, row_size)) weight *= change;
  }

  /// Of a layer without weights: the range of its codes takes the rounding on.
  void settle_range(Lowered& lowered, std::size_t index) {
    const FusedOperator& each = lowered.operators[index];
    const bool has_table = each.activation == Activation::kTable;
    const network::NodeId codes = has_table ? each.before_activation : each.output;
    const auto* quantizer =
        network::find_quantizer(checkpoint_.quantizers, lowered.reduced.network.nodes[codes].name,
                                network::QuantizedTensor::kOutput);
    const bool is_learned =
        quantizer != nullptr && quantizer->kind == network::QuantizerKind::kLearnedRange;
    if (!is_learned) return;
    const std::string name = quantizer_name(*quantizer);
    float& minimum = checkpoint_.tensors.at(name + ".min").values[0];
    float& maximum = checkpoint_.tensors.at(name + ".max").values[0];
    const double range = double{maximum} - double{minimum};
    settle_ends(range / lowered.rounding(index), minimum, maximum);
    for (const char* end : {".min", ".max"}) {
      lowered.reduced.tensors.at(name + end) = checkpoint_.tensors.at(name + end);
    }
    lowered.read_ranges();
  }

  void settle_convolution(const Lowered& lowered, std::size_t index) {
    const FusedOperator& each = lowered.operators[index];
    const network::Node& convolution = node(lowered.reduced.network.nodes[each.node].name);
    const std::vector<bool>& kept = lowered.reduced.kept.at(convolution.name);
    const std::vector<Affine> left =
        affine_of(lowered.reduced.network, lowered.reduced.tensors, each);
    const std::vector<Affine> rounded = lowered.rounded(index);
    std::size_t next = 0;
    for (std::size_t c = 0; c < kept.size(); ++c) {
      if (!kept[c]) continue;
      const std::size_t at = next++;
      if (left[at].factor == 0.0) continue;  // the constant that its code stands for
      if (each.batch_norm) {
        const network::Node& norm = node(lowered.reduced.network.nodes[*each.batch_norm].name);
        settle_batch_norm(convolution, norm, c, left[at], rounded[at]);
      } else {
        settle_step(convolution, c, left[at], rounded[at]);
      }
    }
  }

  /// Constants that lowering has folded are part of what is left of the addend and grow with the
  /// factor.
  void settle_batch_norm(const network::Node& convolution, const network::Node& norm, std::size_t c,
                         const Affine& left, const Affine& rounded) {
    network::Tensors& tensors = checkpoint_.tensors;
    const double before =
        convolution.bias ? double{parameter(tensors, convolution, "bias")[c]} : 0.0;
    const Affine whole = batch_norm_affine(tensors, norm)[c];
    const double change = rounded.factor / left.factor;
    const double folded = left.addend - (whole.addend + before * whole.factor);
    const double gain = settle_factor(whole.factor * change, parameter(tensors, norm, "weight")[c],
                                      parameter(tensors, norm, "running_var")[c]);
    settle_addend(rounded.addend - folded * change, gain, before,
                  parameter(tensors, norm, "bias")[c], parameter(tensors, norm, "running_mean")[c]);
  }

  /// Of a convolution that no batch norm follows: the steps of its weights take the rounding on.
  void settle_step(const network::Node& convolution, std::size_t c, const Affine& left,
                   const Affine& rounded) {
    std::vector<float>* steps = steps_of(convolution);
    if (steps == nullptr) return;
    const auto change = static_cast<float>(rounded.factor);
    (*steps)[c] *= change;
    scale_row(convolution, c, change);
    if (!convolution.bias) return;
    float& bias = parameter(checkpoint_.tensors, convolution, "bias")[c];
    bias = static_cast<float>(rounded.addend - (left.addend - bias) * change);
  }

  const network::Network& network_;
  network::Checkpoint& checkpoint_;
};

}  // namespace

void settle(const network::Network& network, network::Checkpoint& checkpoint) {
  const bool has_ranges = std::ranges::any_of(checkpoint.quantizers, [](const auto& quantizer) {
    return quantizer.kind == network::QuantizerKind::kLearnedRange;
  });
  if (has_ranges) Settling(network, checkpoint).run();
}

}  // namespace coco_mcu::lowering
