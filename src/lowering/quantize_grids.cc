#include "lowering/quantize_grids.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::lowering {

using model::OperatorKind;
using network::Op;

namespace {

constexpr CodeGrid kGateGrid = {1.0 / 255.0, 0};
constexpr CodeGrid kMaskGrid = {1.0 / 255.0, -255};
constexpr CodeGrid kProbabilityGrid = {1.0 / model::kProbabilityOne, 0};

bool keeps_codes(OperatorKind kind) {
  return kind == OperatorKind::kMaxPool || kind == OperatorKind::kUpsample;
}

/// Whether a convolution reads these codes, directly or behind layers that keep them.
bool meets_convolution(const FusedNetwork& operators, const std::vector<std::vector<int>>& readers,
                       int index) {
  return std::ranges::any_of(readers[index], [&](int reader) {
    const OperatorKind kind = operators[reader].kind;
    return model::has_weights(kind) ||
           (keeps_codes(kind) && meets_convolution(operators, readers, reader));
  });
}

class Grids {
 public:
  Grids(const network::Network& network, const FusedNetwork& operators, const Ranges& ranges,
        const core::Preprocessing& preprocessing)
      : network_(network),
        operators_(operators),
        ranges_(ranges),
        input_(code_grid(input_range(preprocessing))),
        readers_(readers_of(operators)) {}

  std::vector<OperatorGrids> run() {
    for (int index = 0; index < static_cast<int>(operators_.size()); ++index) {
      const FusedOperator& each = operators_[index];
      const CodeGrid output = output_grid(index);
      const bool has_table =
          each.activation == Activation::kTable && each.kind != OperatorKind::kLookup;
      grids_.push_back({has_table ? calibrated(each.before_activation) : output, output});
    }
    return std::move(grids_);
  }

 private:
  CodeGrid output_grid(int index) const {
    const FusedOperator& each = operators_[index];
    if (each.kind == OperatorKind::kInput) return input_;
    if (each.kind == OperatorKind::kSoftmax) return kProbabilityGrid;
    if (keeps_codes(each.kind)) return grids_[each.inputs[0]].output;
    const bool is_curved = each.activation != Activation::kNone;
    if (is_curved && each.curve == Op::kHardSigmoid) return kGateGrid;
    if (is_curved && each.curve == Op::kSigmoidPlusOne) {
      return meets_convolution(operators_, readers_, index) ? code_grid({0.0, 2.0}) : kMaskGrid;
    }
    return calibrated(each.output);
  }

  CodeGrid calibrated(network::NodeId id) const {
    const std::string& name = network_.nodes[id].name;
    const auto found = ranges_.find(name);
    if (found == ranges_.end()) {
      throw std::invalid_argument(fmt::format(
          "layer {}: has no range; calibrate the network that is lowered, with pictures", name));
    }
    return code_grid(found->second);
  }

  const network::Network& network_;
  const FusedNetwork& operators_;
  const Ranges& ranges_;
  CodeGrid input_;
  std::vector<std::vector<int>> readers_;
  std::vector<OperatorGrids> grids_;
};

}  // namespace

Ranges with_trained_ranges(Ranges ranges, const network::Network& network,
                           const FusedNetwork& operators, const TrainedQuantizers& quantizers) {
  const auto take = [&](network::NodeId from, network::NodeId to) {
    const auto* quantizer =
        find_quantizer(quantizers, network.nodes[from].name, network::QuantizedTensor::kOutput);
    if (quantizer != nullptr) {
      ranges[network.nodes[to].name] = {quantizer->minimum, quantizer->maximum};
    }
  };
  for (const FusedOperator& each : operators) {
    if (each.activation == Activation::kTable) take(each.before_activation, each.before_activation);
    if (each.activation == Activation::kLimit) take(each.before_activation, each.output);
    take(each.output, each.output);
  }
  return ranges;
}

std::vector<OperatorGrids> operator_grids(const network::Network& network,
                                          const FusedNetwork& operators, const Ranges& ranges,
                                          const core::Preprocessing& preprocessing) {
  return Grids(network, operators, ranges, preprocessing).run();
}

}  // namespace coco_mcu::lowering
