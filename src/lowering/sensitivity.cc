#include "lowering/sensitivity.h"

#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "lowering/quantize_kernel.h"
#include "lowering/quantize_weights.h"

namespace coco_mcu::lowering {

using core::WeightFormat;

namespace {

struct Step {
  std::size_t layer = 0;
  std::size_t choice = 0;
  double price = 0.0;
};

class Search {
 public:
  explicit Search(const std::vector<LayerChoices>& layers) : layers_(layers) {
    for (const LayerChoices& layer : layers) {
      std::size_t best = 0;
      for (std::size_t i = 1; i < layer.choices.size(); ++i) {
        const FormatChoice& each = layer.choices[i];
        const FormatChoice& least = layer.choices[best];
        const bool is_better =
            each.error < least.error || (each.error == least.error && each.bytes < least.bytes);
        if (is_better) best = i;
      }
      taken_.push_back(best);
      bytes_ += layer.choices[best].bytes;
    }
  }

  std::int64_t bytes() const { return bytes_; }
  const FormatChoice& taken(std::size_t layer) const {
    return layers_[layer].choices[taken_[layer]];
  }

  /// Takes the step that saves bytes for the least error each; false where there is none.
  bool narrow() {
    return take_cheapest([](std::int64_t more_bytes, double more_error) -> std::optional<double> {
      if (more_bytes >= 0) return std::nullopt;
      return more_error / static_cast<double>(-more_bytes);
    });
  }

  /// Takes the step that removes the most error and costs no more than `room` bytes.
  bool widen(std::int64_t room) {
    return take_cheapest(
        [room](std::int64_t more_bytes, double more_error) -> std::optional<double> {
          if (more_bytes > room || more_error >= 0.0) return std::nullopt;
          return more_error;
        });
  }

 private:
  /// `price` of (bytes, error) that a step adds; nothing where it is not allowed.
  template <typename Price>
  bool take_cheapest(Price price) {
    std::optional<Step> best;
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      for (std::size_t i = 0; i < layers_[layer].choices.size(); ++i) {
        const FormatChoice& each = layers_[layer].choices[i];
        const auto asked = price(each.bytes - taken(layer).bytes, each.error - taken(layer).error);
        if (asked && (!best || *asked < best->price)) best = Step{layer, i, *asked};
      }
    }
    if (!best) return false;
    bytes_ += layers_[best->layer].choices[best->choice].bytes - taken(best->layer).bytes;
    taken_[best->layer] = best->choice;
    return true;
  }

  const std::vector<LayerChoices>& layers_;
  std::vector<std::size_t> taken_;  // of each layer, index into its choices
  std::int64_t bytes_ = 0;
};

}  // namespace

std::vector<LayerChoices> measure_sensitivity(const network::Network& network,
                                              const FusedNetwork& operators,
                                              const network::Tensors& tensors,
                                              const NetworkError& error,
                                              const std::function<void()>& after_each) {
  std::vector<LayerChoices> measured;
  for (const WeightLayer& layer : weight_layers(network, operators)) {
    const network::Node& node = network.nodes[layer.node];
    const Kernel kernel = kernel_of(tensors, node);
    LayerChoices choices{layer.name, {}};
    const auto exact = exact_format(kernel.weights, kernel.row_size);
    for (const WeightFormat format : {WeightFormat::kSigned8, WeightFormat::kSigned4,
                                      WeightFormat::kFourLevel2, WeightFormat::kTernary2}) {
      const bool is_exact = exact == format;
      const bool is_needless = exact && !is_exact && weight_bits(format) >= weight_bits(*exact);
      if (is_needless) continue;
      choices.choices.push_back(
          {format, layer.bytes(format),
           is_exact ? 0.0 : error(with_quantized_kernel(tensors, node, format))});
    }
    measured.push_back(std::move(choices));
    after_each();
  }
  return measured;
}

WeightFormats choose_within(const std::vector<LayerChoices>& layers, std::int64_t budget) {
  Search search(layers);
  while (search.bytes() > budget && search.narrow()) {
  }
  if (search.bytes() > budget) {
    throw std::invalid_argument(
        fmt::format("{} bytes: are not enough, the weights take {} in their narrowest formats; "
                    "allow that many",
                    budget, search.bytes()));
  }
  while (search.widen(budget - search.bytes())) {
  }
  WeightFormats formats;
  for (std::size_t i = 0; i < layers.size(); ++i) formats[layers[i].layer] = search.taken(i).format;
  return formats;
}

}  // namespace coco_mcu::lowering
