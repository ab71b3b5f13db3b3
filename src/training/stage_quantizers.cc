#include "training/stage_quantizers.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "network/tf_contrib_2019.h"

namespace coco_mcu::training {
namespace {

using network::QuantizedTensor;
using network::Quantizer;
using network::QuantizerKind;
using network::Quantizers;

void check_layers(const QuantizationOptions& options, const network::QuantizationSites& sites) {
  for (const auto& [name, format] : options.layers) {
    const std::string& wanted = name;  // clang 14 captures no structured bindings
    const bool is_known = std::ranges::any_of(sites.weights, [&](const network::WeightSite& each) {
      return each.layer == wanted || each.layer.starts_with(wanted + ".");
    });
    if (is_known) continue;
    std::string known;
    for (const network::WeightSite& each : sites.weights) known += " " + each.layer;
    throw std::runtime_error(fmt::format(
        "recipe: quantization.layers names {}, which the network does not have; there are:{}", name,
        known));
  }
}

Quantizers learned(const QuantizationOptions& options, const network::QuantizationSites& sites) {
  check_layers(options, sites);
  Quantizers quantizers;
  for (const network::WeightSite& each : sites.weights) {
    const auto format =
        weight_format(options, each.layer, each.is_first, each.is_depthwise, each.is_last);
    if (!format) continue;
    quantizers.push_back({.node = each.node,
                          .tensor = QuantizedTensor::kWeight,
                          .kind = QuantizerKind::kLearnedStep,
                          .format = *format});
  }
  if (!options.activations) return quantizers;
  for (const network::ActivationSite& each : sites.activations) {
    quantizers.push_back(
        {.node = each.node,
         .tensor = QuantizedTensor::kOutput,
         .kind = each.is_fixed ? QuantizerKind::kFixedRange : QuantizerKind::kLearnedRange});
  }
  return quantizers;
}

}  // namespace

Quantizers stage_quantizers(const QuantizationOptions& options,
                            const network::QuantizationSites& sites,
                            const network::Network& network) {
  switch (options.scheme) {
    case QuantizationOptions::Scheme::kNone:
      return {};
    case QuantizationOptions::Scheme::kTfContrib2019:
      return network::tf_contrib_2019(network);
    case QuantizationOptions::Scheme::kLearned:
      return learned(options, sites);
  }
  return {};
}

}  // namespace coco_mcu::training
