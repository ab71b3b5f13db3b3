#include "lowering/policy.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "lowering/quantize_kernel.h"
#include "lowering/quantize_weights.h"

namespace coco_mcu::lowering {

using core::WeightFormat;

namespace {

/// Layers that hold a smaller share of all weights than this stay at 8 bits in the mixed policy.
constexpr double kSmallShare = 0.01;

std::vector<std::string_view> split_at_commas(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

WeightFormats mixed(const std::vector<WeightLayer>& layers) {
  std::int64_t all = 0;
  for (const WeightLayer& layer : layers) all += layer.weights();
  WeightFormats formats;
  for (const WeightLayer& layer : layers) {
    const bool is_end = &layer == &layers.front() || &layer == &layers.back();
    const bool is_small =
        static_cast<double>(layer.weights()) < kSmallShare * static_cast<double>(all);
    formats[layer.name] =
        is_end || is_small || layer.is_depthwise ? WeightFormat::kSigned8 : WeightFormat::kSigned4;
  }
  return formats;
}

WeightFormats by_name(std::string_view policy, const std::vector<WeightLayer>& layers) {
  if (policy == "mixed") return mixed(layers);
  // What training has put onto a grid, narrow_to_exact finds.
  const auto format = policy == "trained" ? WeightFormat::kSigned8 : core::parse_format(policy);
  if (!format) {
    throw std::invalid_argument(fmt::format("policy {}: unknown; there is: {}, mixed, trained",
                                            policy, core::kFormatNames));
  }
  WeightFormats formats;
  for (const WeightLayer& layer : layers) formats[layer.name] = *format;
  return formats;
}

/// Carries out "layer=format".
void override_one(std::string_view text, WeightFormats& formats) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string_view layer = text.substr(0, equals);
  const auto format = core::parse_format(text.substr(std::min(equals + 1, text.size())));
  const auto found = formats.find(layer);
  if (found == formats.end() || !format) {
    throw std::invalid_argument(
        fmt::format("policy part \"{}\": is not LAYER=FORMAT with a convolution of the network and "
                    "one of {}",
                    text, core::kFormatNames));
  }
  found->second = *format;
}

void narrow_to_exact(const FusedNetwork& operators, const network::Network& network,
                     const network::Tensors& tensors, WeightFormats& formats) {
  for (const FusedOperator& each : operators) {
    if (!model::has_weights(each.kind)) continue;
    const Kernel kernel = signed_kernel_of(tensors, network, each);
    const auto exact = exact_format(kernel.weights, kernel.row_size);
    WeightFormat& format = formats.at(each.name);
    if (exact && core::weight_bits(*exact) <= core::weight_bits(format)) format = *exact;
  }
}

}  // namespace

std::int64_t WeightLayer::bytes(WeightFormat format) const {
  return rows * static_cast<std::int64_t>(
                    core::packed_row_bytes(format, static_cast<std::size_t>(row_size)));
}

std::vector<WeightLayer> weight_layers(const network::Network& network,
                                       const FusedNetwork& operators) {
  std::vector<WeightLayer> layers;
  for (const FusedOperator& each : operators) {
    if (!model::has_weights(each.kind)) continue;
    const network::Node& node = network.nodes[each.node];
    const bool is_depthwise = each.kind == model::OperatorKind::kDepthwise;
    const int inputs = is_depthwise ? 1 : network.nodes[node.inputs[0]].output.channels;
    layers.push_back({each.name, each.node, is_depthwise, node.output.channels,
                      std::int64_t{1} * node.kernel * node.kernel * inputs});
  }
  return layers;
}

bool needs_means(const network::Network& network, const FusedNetwork& operators,
                 const network::Tensors& tensors, const WeightFormats& formats) {
  return std::ranges::any_of(operators, [&](const FusedOperator& each) {
    if (!model::has_weights(each.kind)) return false;
    Kernel kernel = signed_kernel_of(tensors, network, each);
    for (std::size_t channel = 0; channel < kernel.rows(); ++channel) {
      const auto weights = kernel.row(channel);
      if (!is_exact(quantize_row(weights, formats.at(each.name)), weights)) return true;
    }
    return false;
  });
}

WeightFormats choose_formats(std::string_view policy, const network::Network& network,
                             const FusedNetwork& operators, const network::Tensors& tensors) {
  const std::vector<WeightLayer> layers = weight_layers(network, operators);
  const std::vector<std::string_view> parts = split_at_commas(policy);
  WeightFormats formats = by_name(parts.front(), layers);
  for (std::size_t i = 1; i < parts.size(); ++i) override_one(parts[i], formats);
  narrow_to_exact(operators, network, tensors, formats);
  return formats;
}

}  // namespace coco_mcu::lowering
