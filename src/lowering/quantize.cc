#include "lowering/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>

#include "lowering/bias_correction.h"
#include "lowering/parameters.h"
#include "lowering/quantize_curves.h"
#include "lowering/quantize_grids.h"
#include "lowering/quantize_kernel.h"
#include "lowering/quantize_requantization.h"
#include "lowering/quantize_weights.h"

namespace coco_mcu::lowering {

using model::Operator;
using model::OperatorKind;
using network::Node;
using network::Op;

namespace {

/// The factors of a residual add: integers in the ratio of the two scales, the larger from 2^13 on.
/// Of all pairs it takes the one whose ratio is nearest.
struct AddFactors {
  std::array<std::int16_t, 2> factors = {};
  double unit = 0.0;  // larger scale / its factor
};

AddFactors add_factors(double first_scale, double second_scale) {
  const double larger = std::max(first_scale, second_scale);
  const double ratio = std::min(first_scale, second_scale) / larger;
  int best = 1 << 13;
  double least = std::numeric_limits<double>::infinity();
  for (int factor = 1 << 13; factor <= std::numeric_limits<std::int16_t>::max(); ++factor) {
    const double error = std::abs(std::round(factor * ratio) / factor - ratio);
    if (error >= least) continue;
    least = error;
    best = factor;
  }
  const auto large = static_cast<std::int16_t>(best);
  const auto small = static_cast<std::int16_t>(std::round(best * ratio));
  const bool first_is_larger = first_scale >= second_scale;
  return {first_is_larger ? std::array{large, small} : std::array{small, large}, larger / best};
}

/// A hard sigmoid is the line x / 6 + 1 / 2 and saturation.
Affine behind_line(const Affine& affine) {
  return {affine.factor / 6.0, affine.addend / 6.0 + 0.5};
}

Affine before_line(const Affine& affine) {
  return {affine.factor * 6.0, (affine.addend - 0.5) * 6.0};
}

class Quantization {
 public:
  Quantization(const network::Network& network, const FusedNetwork& operators,
               const network::Tensors& tensors, const Calibration& calibration,
               const QuantizeOptions& options)
      : network_(network),
        operators_(operators),
        tensors_(tensors),
        calibration_(calibration),
        options_(options),
        grids_(operator_grids(network, operators, calibration.ranges, options.preprocessing)) {}

  double rounding_of_multiplier(std::size_t index) const {
    return rounding(uniform_rule(index), index)[0];
  }

  /// A convolution's factors and addends as the integers of its rule have them; those that they cut
  /// or do not reach stay.
  std::vector<Affine> rounded_affine(std::size_t index) const {
    const FusedOperator& from = operators_[index];
    const Rows rows = rows_of(index);
    const model::Requantization rule = requantization(rows.real, from.name);
    const std::vector<double> changes = rounding(rows.real, index);
    const CodeGrid& codes = grids_[index].codes;
    std::vector<Affine> rounded = affine_of(from);
    for (std::size_t c = 0; c < rounded.size(); ++c) {
      double offset =
          std::ldexp(static_cast<double>(rule.offsets[c]), rule.offset_shift - rule.shift);
      const bool is_cut = std::abs(offset - rows.real.offsets[c]) >= 1.0;
      if (is_cut) continue;
      if (rule.multipliers[c] != 0) {
        rounded[c].factor *= changes[c];
      } else {
        offset = std::floor(offset) + 0.5;  // the middle of its code: floats still move a little
      }
      rounded[c].addend = (offset - 0.5 - codes.zero_point) * codes.scale;
    }
    if (from.activation == Activation::kAffine) {
      for (Affine& each : rounded) each = before_line(each);
    }
    return rounded;
  }

  std::vector<Operator> run() const {
    std::vector<Operator> made;
    for (std::size_t index = 0; index < operators_.size(); ++index) made.push_back(make(index));
    return made;
  }

 private:
  Operator make(std::size_t index) const {
    const FusedOperator& from = operators_[index];
    Operator made;
    made.kind = from.kind;
    made.name = from.name;
    made.inputs = from.inputs;
    made.height = from.shape.height;
    made.width = from.shape.width;
    made.channels = from.shape.channels;
    made.scale = static_cast<float>(grids_[index].output.scale);
    made.zero_point = grids_[index].output.zero_point;
    fill(index, made);
    return made;
  }

  void fill(std::size_t index, Operator& made) const {
    const FusedOperator& from = operators_[index];
    const Node& node = network_.nodes[from.node];
    switch (from.kind) {
      case OperatorKind::kInput:
        return;
      case OperatorKind::kConvolution:
      case OperatorKind::kDepthwise:
        return fill_convolution(index, made);
      case OperatorKind::kGlobalAverage:
        return finish(index, average_rule(index), made);
      case OperatorKind::kMultiply:
        return fill_multiply(index, made);
      case OperatorKind::kAdd:
        return fill_add(index, made);
      case OperatorKind::kMaxPool:
        made.kernel = node.kernel;
        made.stride = node.stride;
        return;
      case OperatorKind::kUpsample:
        made.factor = from.factor;
        made.offset = from.offset;
        return;
      case OperatorKind::kConcatenate:
        return fill_concatenation(index, made);
      case OperatorKind::kLookup:
        made.requantization.table = curve_table(from.curve, input_grid(from), grids_[index].output);
        return;
      case OperatorKind::kSoftmax:
        made.exponentials = softmax_exponentials(input_grid(from).scale);
        return;
    }
  }

  const CodeGrid& input_grid(const FusedOperator& from, std::size_t which = 0) const {
    return grids_[static_cast<std::size_t>(from.inputs[which])].output;
  }

  /// The line of a hard sigmoid is part of it.
  std::vector<Affine> affine_of(const FusedOperator& from) const {
    std::vector<Affine> affine = lowering::affine_of(network_, tensors_, from);
    if (from.activation == Activation::kAffine) {
      for (Affine& each : affine) each = behind_line(each);
    }
    return affine;
  }

  core::WeightFormat format_of(const FusedOperator& from) const {
    const auto found = options_.formats.find(from.name);
    if (found == options_.formats.end()) {
      throw std::invalid_argument(
          fmt::format("layer {}: has no weight format; choose the formats for the network that is "
                      "lowered",
                      from.name));
    }
    return found->second;
  }

  /// Mean inputs of a channel's window, innermost.
  std::span<const double> means_of(const FusedOperator& from, std::size_t channel) const {
    const Node& node = network_.nodes[from.node];
    const auto found = calibration_.means.find(network_.nodes[node.inputs[0]].name);
    if (found == calibration_.means.end()) {
      throw std::invalid_argument(fmt::format(
          "layer {}: the means of its input are missing; calibrate the network that is lowered, or "
          "switch bias correction off",
          node.name));
    }
    const std::span<const double> means = found->second;
    return from.kind == OperatorKind::kDepthwise ? means.subspan(channel, 1) : means;
  }

  /// Of each multiplier of a rule, rounded by real; 1 where the integer is 0.
  std::vector<double> rounding(const RealRequantization& real, std::size_t index) const {
    const model::Requantization rule = requantization(real, operators_[index].name);
    std::vector<double> changes;
    for (std::size_t c = 0; c < real.multipliers.size(); ++c) {
      const double rounded =
          std::ldexp(static_cast<double>(rule.multipliers[c]), rule.left_shift - 16 - rule.shift);
      changes.push_back(rounded == 0.0 ? 1.0 : rounded / real.multipliers[c]);
    }
    return changes;
  }

  /// A convolution's integer weights and what its sums go through.
  struct Rows {
    std::vector<QuantizedRow> weights;
    std::vector<Affine> affine;  // with positive factors
    RealRequantization real;
  };

  Rows rows_of(std::size_t index) const {
    const FusedOperator& from = operators_[index];
    const core::WeightFormat format = format_of(from);
    Kernel kernel = signed_kernel_of(tensors_, network_, from);
    check_accumulators(from, kernel.row_size, format);
    Rows rows{.weights = {}, .affine = affine_of(from), .real = {}};
    for (std::size_t c = 0; c < kernel.rows(); ++c) {
      const std::span<float> weights = kernel.row(c);
      Affine& affine = rows.affine[c];
      affine.factor = std::abs(affine.factor);  // the weights have taken the sign
      const QuantizedRow& row = rows.weights.emplace_back(quantize_row(weights, format));
      if (options_.bias_correction && !is_exact(row, weights)) {
        affine.addend -= affine.factor * mean_shift(weights, row, means_of(from, c));
      }
      append_channel(input_grid(from), row, affine, grids_[index].codes, rows.real);
    }
    return rows;
  }

  void fill_convolution(std::size_t index, Operator& made) const {
    const Node& node = network_.nodes[operators_[index].node];
    made.kernel = node.kernel;
    made.stride = node.stride;
    made.padding = node.padding;
    made.format = format_of(operators_[index]);
    const Rows rows = rows_of(index);
    for (const QuantizedRow& row : rows.weights) {
      const std::vector<std::uint8_t> packed = pack_row(row, made.format);
      made.weights.insert(made.weights.end(), packed.begin(), packed.end());
    }
    finish(index, rows.real, made);
  }

  /// From codes of the input to codes of one output channel, `affine` of its sums.
  static void append_channel(const CodeGrid& input, const QuantizedRow& row, const Affine& affine,
                             const CodeGrid& codes, RealRequantization& real) {
    std::int64_t positive = 0;
    std::int64_t negative = 0;
    for (const int weight : row.weights) (weight > 0 ? positive : negative) += weight;
    real.multipliers.push_back(input.scale * row.scale * affine.factor / codes.scale);
    real.offsets.push_back(codes.zero_point + affine.addend / codes.scale + 0.5);
    real.accumulators.push_back(core::weighted_range(positive, negative, input.zero_point));
  }

  /// Refuses windows whose sums could leave 32 bits whatever the weights and zero points.
  static void check_accumulators(const FusedOperator& from, std::size_t row_size,
                                 core::WeightFormat format) {
    const std::int64_t largest =
        static_cast<std::int64_t>(row_size) * core::kLargestCode * core::weight_magnitude(format);
    if (largest <= std::numeric_limits<std::int32_t>::max()) return;
    throw std::invalid_argument(
        fmt::format("layer {}: {} weights of format {} for each output channel may overflow 32 "
                    "bits; take fewer input channels or a narrower format",
                    from.name, row_size, core::format_name(format)));
  }

  /// What a layer without weights computes: one multiplier for all channels.
  RealRequantization uniform_rule(std::size_t index) const {
    switch (operators_[index].kind) {
      case OperatorKind::kGlobalAverage:
        return average_rule(index);
      case OperatorKind::kMultiply:
        return multiply_rule(index);
      default:
        return add_rule(index);
    }
  }

  RealRequantization average_rule(std::size_t index) const {
    const FusedOperator& from = operators_[index];
    const network::Shape& shape = operators_[static_cast<std::size_t>(from.inputs[0])].shape;
    const std::int64_t pixels = std::int64_t{1} * shape.height * shape.width;
    const CodeGrid& input = input_grid(from);
    const double ratio = input.scale / grids_[index].codes.scale;
    return uniform(index, ratio / static_cast<double>(pixels),
                   core::weighted_range(pixels, input.zero_point));
  }

  RealRequantization multiply_rule(std::size_t index) const {
    const CodeGrid& x = input_grid(operators_[index]);
    const CodeGrid& y = input_grid(operators_[index], 1);
    return uniform(index, x.scale * y.scale / grids_[index].codes.scale,
                   core::product_range(x.zero_point, y.zero_point));
  }

  RealRequantization add_rule(std::size_t index) const {
    const CodeGrid& x = input_grid(operators_[index]);
    const CodeGrid& y = input_grid(operators_[index], 1);
    const AddFactors add = add_factors(x.scale, y.scale);
    return uniform(index, add.unit / grids_[index].codes.scale,
                   core::weighted_range(add.factors[0], x.zero_point) +
                       core::weighted_range(add.factors[1], y.zero_point));
  }

  RealRequantization uniform(std::size_t index, double multiplier,
                             const core::AccumulatorRange& accumulators) const {
    return {{multiplier}, {grids_[index].codes.zero_point + 0.5}, {accumulators}};
  }

  void fill_multiply(std::size_t index, Operator& made) const {
    made.factor = operators_[index].factor;
    made.offset = operators_[index].offset;
    finish(index, multiply_rule(index), made);
  }

  void fill_add(std::size_t index, Operator& made) const {
    const FusedOperator& from = operators_[index];
    const AddFactors add = add_factors(input_grid(from).scale, input_grid(from, 1).scale);
    made.factors[0] = add.factors[0];
    made.factors[1] = add.factors[1];
    finish(index, add_rule(index), made);
  }

  void fill_concatenation(std::size_t index, Operator& made) const {
    const CodeGrid& output = grids_[index].output;
    const auto table = [&](const CodeGrid& input) {
      return input == output ? std::vector<std::uint8_t>() : grid_table(input, output);
    };
    made.requantization.table = table(input_grid(operators_[index]));
    made.second_table = table(input_grid(operators_[index], 1));
  }

  void finish(std::size_t index, const RealRequantization& real, Operator& made) const {
    const FusedOperator& from = operators_[index];
    made.requantization = requantization(real, from.name);
    if (from.activation == Activation::kLimit) {
      made.requantization.low = static_cast<std::uint8_t>(grids_[index].codes.zero_point);
    }
    if (from.activation == Activation::kTable) {
      made.requantization.table =
          curve_table(from.curve, grids_[index].codes, grids_[index].output);
    }
  }

  const network::Network& network_;
  const FusedNetwork& operators_;
  const network::Tensors& tensors_;
  const Calibration& calibration_;
  const QuantizeOptions& options_;
  std::vector<OperatorGrids> grids_;  // of each operator
};

int decision_label(const std::vector<std::string>& labels) {
  const auto person = std::ranges::find(labels, "person");
  return static_cast<int>((person == labels.end() ? labels.end() - 1 : person) - labels.begin());
}

void check_input(const network::Network& network, const core::Preprocessing& preprocessing) {
  const network::Shape expected = {preprocessing.height, preprocessing.width, 3};
  const network::Shape& input = network.input().output;
  if (input == expected) return;
  throw std::invalid_argument(
      fmt::format("network {}: its input is {}, the preprocessing makes {}; take the preprocessing "
                  "of its checkpoint",
                  network.name, shape_text(input), shape_text(expected)));
}

}  // namespace

std::vector<Affine> affine_of(const network::Network& network, const network::Tensors& tensors,
                              const FusedOperator& convolution) {
  const network::Node& node = network.nodes[convolution.node];
  std::vector<Affine> affine(static_cast<std::size_t>(node.output.channels));
  if (convolution.batch_norm) {
    affine = batch_norm_affine(tensors, network.nodes[*convolution.batch_norm]);
  }
  if (!node.bias) return affine;
  const std::vector<float>& bias = parameter(tensors, node, "bias");
  for (std::size_t c = 0; c < affine.size(); ++c) affine[c].addend += affine[c].factor * bias[c];
  return affine;
}

model::IntegerModel quantize(const network::Network& network, const FusedNetwork& operators,
                             const network::Tensors& tensors, const Calibration& calibration,
                             const QuantizeOptions& options) {
  check_input(network, options.preprocessing);
  model::IntegerModel made;
  made.network = network.name;
  made.preprocessing = options.preprocessing;
  made.input_tables =
      input_tables(options.preprocessing, code_grid(input_range(options.preprocessing)));
  made.operators = Quantization(network, operators, tensors, calibration, options).run();
  made.labels = network.labels;
  made.decision_label = decision_label(network.labels);
  made.threshold = static_cast<int>(std::lround(options.threshold * model::kProbabilityOne));
  made.provenance = options.provenance;
  return made;
}

double rounding_of_multiplier(const network::Network& network, const FusedNetwork& operators,
                              const network::Tensors& tensors, const Calibration& calibration,
                              const QuantizeOptions& options, std::size_t index) {
  return Quantization(network, operators, tensors, calibration, options)
      .rounding_of_multiplier(index);
}

std::vector<Affine> rounded_affine(const network::Network& network, const FusedNetwork& operators,
                                   const network::Tensors& tensors, const Calibration& calibration,
                                   const QuantizeOptions& options, std::size_t index) {
  return Quantization(network, operators, tensors, calibration, options).rounded_affine(index);
}

StoredBytes stored_bytes(const model::IntegerModel& model) {
  StoredBytes stored;
  for (const Operator& each : model.operators) {
    const model::Requantization& rule = each.requantization;
    stored.weights += static_cast<std::int64_t>(each.weights.size() + each.read_mask.size() +
                                                each.made_mask.size() + each.constants.size());
    stored.requantization += static_cast<std::int64_t>(
        sizeof(std::int16_t) * (rule.multipliers.size() + rule.offsets.size()) +
        sizeof(std::int32_t) * rule.twice.size());
    stored.tables += static_cast<std::int64_t>(rule.table.size() +
                                               sizeof(std::uint16_t) * each.exponentials.size());
  }
  stored.tables += static_cast<std::int64_t>(sizeof(model.input_tables));
  return stored;
}

}  // namespace coco_mcu::lowering
