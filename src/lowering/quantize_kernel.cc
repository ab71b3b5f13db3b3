#include "lowering/quantize_kernel.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "lowering/parameters.h"
#include "lowering/quantize_weights.h"

namespace coco_mcu::lowering {
namespace {

/// Calls take(index in PyTorch's order, index in the integer model's) for every weight. PyTorch has
/// a row's input channels outermost.
template <typename Take>
void for_each_weight(std::size_t weights, std::size_t row_size, std::size_t window, Take take) {
  const std::size_t channels = row_size / window;
  for (std::size_t i = 0; i < weights; ++i) {
    const std::size_t row = i / row_size;
    const std::size_t channel = i % row_size / window;
    const std::size_t place = i % window;
    take(i, row * row_size + place * channels + channel);
  }
}

std::size_t window_of(const network::Node& node) {
  return static_cast<std::size_t>(node.kernel) * static_cast<std::size_t>(node.kernel);
}

}  // namespace

Kernel kernel_of(const network::Tensors& tensors, const network::Node& node) {
  const std::vector<float>& values = parameter(tensors, node, "weight");
  const auto rows = static_cast<std::size_t>(node.output.channels);
  const bool fits = !values.empty() && values.size() % (rows * window_of(node)) == 0;
  if (!fits || !std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
    throw std::invalid_argument(fmt::format(
        "layer {}: {} weights, some of them missing or not finite; look at {}.weight in the "
        "checkpoint",
        node.name, values.size(), node.name));
  }
  Kernel kernel{values.size() / rows, std::vector<float>(values.size())};
  for_each_weight(values.size(), kernel.row_size, window_of(node),
                  [&](std::size_t from, std::size_t to) { kernel.weights[to] = values[from]; });
  return kernel;
}

Kernel signed_kernel_of(const network::Tensors& tensors, const network::Network& network,
                        const FusedOperator& layer) {
  Kernel kernel = kernel_of(tensors, network.nodes[layer.node]);
  if (!layer.batch_norm) return kernel;
  const std::vector<Affine> affine = batch_norm_affine(tensors, network.nodes[*layer.batch_norm]);
  for (std::size_t channel = 0; channel < kernel.rows(); ++channel) {
    if (affine[channel].factor >= 0.0) continue;
    for (float& weight : kernel.row(channel)) weight = -weight;
  }
  return kernel;
}

network::Tensors with_quantized_kernel(const network::Tensors& tensors, const network::Node& node,
                                       core::WeightFormat format) {
  Kernel kernel = kernel_of(tensors, node);
  for (std::size_t channel = 0; channel < kernel.rows(); ++channel) {
    const QuantizedRow row = quantize_row(kernel.row(channel), format);
    for (std::size_t i = 0; i < kernel.row_size; ++i) {
      kernel.weights[channel * kernel.row_size + i] = static_cast<float>(row.value(i));
    }
  }
  network::Tensors replaced = tensors;
  std::vector<float>& values = parameter(replaced, node, "weight");
  for_each_weight(values.size(), kernel.row_size, window_of(node),
                  [&](std::size_t to, std::size_t from) { values[to] = kernel.weights[from]; });
  return replaced;
}

}  // namespace coco_mcu::lowering
