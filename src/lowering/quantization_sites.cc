#include "lowering/quantization_sites.h"

#include <algorithm>

#include "lowering/policy.h"

namespace coco_mcu::lowering {

using model::OperatorKind;
using network::Op;

namespace {

constexpr CodeGrid kGateGrid = {1.0 / 255.0, 0};
constexpr CodeGrid kMaskGrid = {1.0 / 255.0, -255};

/// Whether a convolution reads these codes, directly or behind layers that keep them.
bool meets_convolution(const FusedNetwork& operators, const std::vector<std::vector<int>>& readers,
                       int index) {
  return std::ranges::any_of(readers[index], [&](int reader) {
    const OperatorKind kind = operators[reader].kind;
    return model::has_weights(kind) ||
           (keeps_codes(kind) && meets_convolution(operators, readers, reader));
  });
}

Range range_of(const CodeGrid& grid) {
  return {grid.value(0), grid.value(255)};
}

}  // namespace

bool keeps_codes(OperatorKind kind) {
  return kind == OperatorKind::kMaxPool || kind == OperatorKind::kUpsample;
}

std::vector<OperatorSites> operator_sites(const FusedNetwork& operators,
                                          const CodeGrid& input_grid) {
  const auto readers = readers_of(operators);
  std::vector<OperatorSites> sites;
  for (int index = 0; index < static_cast<int>(operators.size()); ++index) {
    const FusedOperator& each = operators[index];
    OperatorSites& made = sites.emplace_back();
    if (keeps_codes(each.kind) || each.kind == OperatorKind::kSoftmax) continue;
    made.output = CodeSite{.node = each.output};
    if (each.kind == OperatorKind::kInput) made.output->fixed = input_grid;
    if (each.activation == Activation::kNone) continue;
    if (each.activation == Activation::kTable && each.kind != OperatorKind::kLookup) {
      made.before_table = CodeSite{.node = each.before_activation};
    }
    if (each.curve == Op::kHardSigmoid) made.output->fixed = kGateGrid;
    if (each.curve == Op::kSigmoidPlusOne) {
      const bool pads = meets_convolution(operators, readers, index);
      made.output->fixed = pads ? code_grid({0.0, 2.0}) : kMaskGrid;
    }
  }
  return sites;
}

network::QuantizationSites quantization_sites(const network::Network& network,
                                              const core::Preprocessing& preprocessing) {
  const FusedNetwork operators = fuse(network);
  const auto readers = readers_of(operators);
  network::QuantizationSites sites;
  std::vector<CodeSite> codes;
  for (const OperatorSites& each :
       operator_sites(operators, code_grid(input_range(preprocessing)))) {
    if (each.before_table) codes.push_back(*each.before_table);
    if (each.output) codes.push_back(*each.output);
  }
  std::ranges::sort(codes, {}, &CodeSite::node);
  const auto repeated =  // of a concatenation's parts
      std::unique(codes.begin(), codes.end(),
                  [](const CodeSite& a, const CodeSite& b) { return a.node == b.node; });
  codes.erase(repeated, codes.end());
  for (const CodeSite& each : codes) {
    const Range range = each.fixed ? range_of(*each.fixed) : Range{};
    sites.activations.push_back({.node = network.nodes[each.node].name,
                                 .is_fixed = each.fixed.has_value(),
                                 .minimum = range.minimum,
                                 .maximum = range.maximum});
  }
  for (const WeightLayer& layer : weight_layers(network, operators)) {
    const auto at = static_cast<std::size_t>(
        std::ranges::find(operators, layer.name, &FusedOperator::name) - operators.begin());
    sites.weights.push_back(
        {.node = network.nodes[layer.node].name,
         .layer = layer.name,
         .is_depthwise = layer.is_depthwise,
         .is_first = operators[operators[at].inputs[0]].kind == OperatorKind::kInput,
         .is_last = std::ranges::any_of(readers[at], [&](int reader) {
           return operators[reader].kind == OperatorKind::kSoftmax;
         })});
  }
  return sites;
}

}  // namespace coco_mcu::lowering
