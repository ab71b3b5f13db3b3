#include "lowering/settle.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "lowering/policy.h"
#include "lowering/quantize.h"
#include "lowering/quantize_grids.h"
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

/// One operator after the other: what becomes of a layer's range changes the scales that the layers
/// behind it read.
class Settling {
 public:
  Settling(const network::Network& network, network::Checkpoint& checkpoint)
      : network_(network), checkpoint_(checkpoint), operators_(fuse(network)) {
    options_.preprocessing = checkpoint.preprocessing;
    options_.bias_correction = false;
    read();
    options_.formats = choose_formats("trained", network_, operators_, effective_);
  }

  void run() {
    for (std::size_t index = 0; index < operators_.size(); ++index) {
      const OperatorKind kind = operators_[index].kind;
      if (model::has_weights(kind)) {
        settle_convolution(index);
      } else if (kind == OperatorKind::kGlobalAverage || kind == OperatorKind::kMultiply ||
                 kind == OperatorKind::kAdd) {
        settle_range(index);
      }
    }
  }

 private:
  /// Lowering's view of the checkpoint.
  void read() {
    const TrainedQuantizers quantizers =
        trained_quantizers(checkpoint_.quantizers, checkpoint_.tensors);
    effective_ = effective_weights(checkpoint_.tensors, quantizers);
    calibration_.ranges = trained_ranges(network_, operators_, quantizers);
  }

  void settle_convolution(std::size_t index) {
    const FusedOperator& each = operators_[index];
    const std::vector<Affine> rounded =
        rounded_affine(network_, operators_, effective_, calibration_, options_, index);
    if (each.batch_norm) {
      settle_batch_norm(each, rounded);
    } else {
      settle_steps(each, rounded);
    }
    read();
  }

  void settle_batch_norm(const FusedOperator& each, const std::vector<Affine>& rounded) {
    const network::Node& norm = network_.nodes[*each.batch_norm];
    const network::Node& convolution = network_.nodes[each.node];
    network::Tensors& tensors = checkpoint_.tensors;
    std::vector<float>& mean = parameter(tensors, norm, "running_mean");
    std::vector<float>& variance = parameter(tensors, norm, "running_var");
    std::vector<float>& weight = parameter(tensors, norm, "weight");
    std::vector<float>& bias = parameter(tensors, norm, "bias");
    for (std::size_t c = 0; c < rounded.size(); ++c) {
      const double before =
          convolution.bias ? double{parameter(tensors, convolution, "bias")[c]} : 0.0;
      const auto [factor, addend] = rounded[c];
      if (factor == 0.0) {
        weight[c] = 0.0F;
        bias[c] = static_cast<float>(addend);
        continue;
      }
      const double gain = settle_factor(factor, weight[c], variance[c]);
      settle_addend(addend, gain, before, bias[c], mean[c]);
    }
  }

  /// Of a convolution that no batch norm follows: the steps of its weights take the rounding on.
  void settle_steps(const FusedOperator& each, const std::vector<Affine>& rounded) {
    const network::Node& convolution = network_.nodes[each.node];
    network::Tensors& tensors = checkpoint_.tensors;
    const auto steps = tensors.find(convolution.name + ".weight_quantizer.step");
    if (steps == tensors.end()) return;
    std::vector<float>& weights = parameter(tensors, convolution, "weight");
    const std::size_t row_size = weights.size() / rounded.size();
    for (std::size_t c = 0; c < rounded.size(); ++c) {
      const auto change = static_cast<float>(rounded[c].factor);
      steps->second.values[c] *= change;
      for (std::size_t i = 0; i < row_size; ++i) weights[c * row_size + i] *= change;
    }
    if (!convolution.bias) return;
    std::vector<float>& bias = parameter(tensors, convolution, "bias");
    for (std::size_t c = 0; c < rounded.size(); ++c) {
      bias[c] = static_cast<float>(rounded[c].addend);
    }
  }

  /// Of a layer without weights: the range of its codes does.
  void settle_range(std::size_t index) {
    const FusedOperator& each = operators_[index];
    const bool has_table = each.activation == Activation::kTable;
    const network::NodeId codes = has_table ? each.before_activation : each.output;
    const auto* quantizer = network::find_quantizer(
        checkpoint_.quantizers, network_.nodes[codes].name, network::QuantizedTensor::kOutput);
    const bool is_learned =
        quantizer != nullptr && quantizer->kind == network::QuantizerKind::kLearnedRange;
    if (!is_learned) return;
    const double rounding =
        rounding_of_multiplier(network_, operators_, effective_, calibration_, options_, index);
    const auto change = static_cast<float>(1.0 / rounding);
    for (const char* end : {".min", ".max"}) {
      checkpoint_.tensors.at(quantizer_name(*quantizer) + end).values[0] *= change;
    }
    read();
  }

  const network::Network& network_;
  network::Checkpoint& checkpoint_;
  FusedNetwork operators_;
  QuantizeOptions options_;
  network::Tensors effective_;
  Calibration calibration_;
};

}  // namespace

void settle(const network::Network& network, network::Checkpoint& checkpoint) {
  const bool has_ranges = std::ranges::any_of(checkpoint.quantizers, [](const auto& quantizer) {
    return quantizer.kind == network::QuantizerKind::kLearnedRange;
  });
  if (has_ranges) Settling(network, checkpoint).run();
}

}  // namespace coco_mcu::lowering
