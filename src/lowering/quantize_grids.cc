#include "lowering/quantize_grids.h"

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "lowering/quantization_sites.h"

namespace coco_mcu::lowering {

namespace {

constexpr CodeGrid kProbabilityGrid = {1.0 / model::kProbabilityOne, 0};

CodeGrid grid_at(const CodeSite& site, const network::Network& network, const Ranges& ranges) {
  if (site.fixed) return *site.fixed;
  const std::string& name = network.nodes[site.node].name;
  const auto found = ranges.find(name);
  if (found == ranges.end()) {
    throw std::invalid_argument(fmt::format(
        "layer {}: has no range; calibrate the network that is lowered, with pictures", name));
  }
  return code_grid(found->second);
}

/// The ends of training's grid without float32's rounding of them and of its step.
Range whole_steps(const TrainedQuantizer& quantizer) {
  const QuantizationGrid grid = grid_of(quantizer);
  if (grid.scale == 0.0F) return {};
  const double step = precise_scale(quantizer);
  const double low = std::round(grid.low / step) * step;
  return {.minimum = low, .maximum = low + 255.0 * step};
}

/// The grid of the picture's codes, as training's float32 had its two ends.
CodeGrid trained_input_grid(const CodeGrid& fixed, const std::string& node, const Ranges& ranges) {
  const auto trained = ranges.find(node);
  if (trained == ranges.end()) return fixed;
  return {(trained->second.maximum - trained->second.minimum) / 255.0, fixed.zero_point};
}

}  // namespace

Ranges trained_ranges(const network::Network& network, const FusedNetwork& operators,
                      const TrainedQuantizers& quantizers) {
  Ranges ranges;
  const auto take = [&](network::NodeId from, network::NodeId to) {
    const auto* quantizer =
        find_quantizer(quantizers, network.nodes[from].name, network::QuantizedTensor::kOutput);
    if (quantizer == nullptr) return;
    const QuantizationGrid grid = grid_of(*quantizer);
    const bool is_learned = quantizer->quantizer.kind == network::QuantizerKind::kLearnedRange;
    ranges[network.nodes[to].name] =
        is_learned ? whole_steps(*quantizer) : Range{.minimum = grid.low, .maximum = grid.high};
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
  const auto sites = operator_sites(operators, code_grid(input_range(preprocessing)));
  std::vector<OperatorGrids> grids;
  for (std::size_t index = 0; index < operators.size(); ++index) {
    CodeGrid output = kProbabilityGrid;
    if (keeps_codes(operators[index].kind)) output = grids[operators[index].inputs[0]].output;
    if (sites[index].output) output = grid_at(*sites[index].output, network, ranges);
    if (operators[index].kind == model::OperatorKind::kInput) {
      output = trained_input_grid(output, network.nodes[operators[index].node].name, ranges);
    }
    CodeGrid codes = output;
    if (sites[index].before_table) codes = grid_at(*sites[index].before_table, network, ranges);
    grids.push_back({codes, output});
  }
  return grids;
}

}  // namespace coco_mcu::lowering
