#include "cli/layer_noise.h"

#include <algorithm>
#include <cmath>

#include "cli/dequantize.h"
#include "cli/picture_input.h"
#include "dataset/image.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "engine/tensor_observer.h"
#include "lowering/fusion.h"

namespace coco_mcu::cli {
namespace {

/// Sums over the pictures seen so far.
struct Power {
  double signal = 0.0;
  double noise = 0.0;
};

/// The node that a layer is compared with.
struct Counterpart {
  std::string node;    // empty where there is none
  std::string reason;  // then: why
};

Counterpart counterpart(const network::Network& network, const lowering::FusedNetwork& operators,
                        const model::OperatorView& layer) {
  const auto same =
      std::ranges::find(operators, std::string_view(layer.name), &lowering::FusedOperator::name);
  if (same == operators.end()) return {"", "not in the checkpoint"};
  const network::Node& node = network.nodes[same->output];
  const network::Shape shape = {layer.height, layer.width, layer.channels};
  if (node.output.channels != shape.channels) return {"", "other channels"};
  // A table behind upsampling is taken before it: its tensor is the smaller one.
  if (node.output != shape) return {"", "other size"};
  return {node.name, ""};
}

/// Compares every layer's codes with the float network's numbers for the same picture.
class NoiseMeter final : public engine::TensorObserver {
 public:
  NoiseMeter(const model::View& model, std::vector<Counterpart> counterparts)
      : TensorObserver(model),
        counterparts_(std::move(counterparts)),
        expected_(counterparts_.size()),
        powers_(counterparts_.size()) {}

  /// What the float network makes of the picture that the engine runs next.
  void expect(const training::FloatNetwork& network, std::span<const std::uint8_t> picture) {
    std::vector<std::string> names;
    for (const Counterpart& each : counterparts_) {
      if (!each.node.empty()) names.push_back(each.node);
    }
    std::vector<training::NodeOutput> outputs = network.outputs(picture, names);
    auto next = outputs.begin();
    for (std::size_t i = 0; i < counterparts_.size(); ++i) {
      if (!counterparts_[i].node.empty()) expected_[i] = std::move(next++->values);
    }
  }

  void on_tensor(int layer, const std::uint8_t* tensor) override {
    const auto index = static_cast<std::size_t>(layer);
    if (counterparts_[index].node.empty()) return;
    const model::OperatorView view = model().layer(layer);
    const std::vector<std::int32_t> codes = codes_of(view, tensor);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const double expected = expected_[index][i];
      const double error = expected - real_value(view, codes[i]);
      powers_[index].signal += expected * expected;
      powers_[index].noise += error * error;
    }
  }

  LayerNoise result(int layer) const {
    const auto index = static_cast<std::size_t>(layer);
    const Power& power = powers_[index];
    LayerNoise noise = {model().layer_name(layer), std::nullopt, counterparts_[index].reason};
    if (!noise.reason.empty()) return noise;
    if (power.noise == 0.0) {
      noise.reason = "exact";
    } else if (power.signal == 0.0) {
      noise.reason = "silent";
    } else {
      noise.decibels = 10.0 * std::log10(power.signal / power.noise);
    }
    return noise;
  }

 private:
  std::vector<Counterpart> counterparts_;     // of each layer
  std::vector<std::vector<float>> expected_;  // likewise
  std::vector<Power> powers_;                 // likewise
};

}  // namespace

std::vector<LayerNoise> measure_noise(const training::FloatNetwork& network,
                                      const model::View& model, const kernels::Backend& backend,
                                      std::span<const std::filesystem::path> pictures) {
  const lowering::FusedNetwork operators = lowering::fuse(network.description());
  std::vector<Counterpart> counterparts;
  for (int i = 0; i < model.operator_count(); ++i) {
    counterparts.push_back(counterpart(network.description(), operators, model.layer(i)));
  }
  NoiseMeter meter(model, std::move(counterparts));
  const engine::Arena arena(engine::arena_bytes(model, backend));
  engine::Engine engine(model, backend, arena.data());
  std::vector<std::uint8_t> working;
  for (const std::filesystem::path& file : pictures) {
    const dataset::Image picture =
        dataset::prepare(dataset::read_image(file), network.preprocessing());
    meter.expect(network, picture.rgb);
    engine.run(input_of(picture.rgb, model, working), &meter);
  }
  std::vector<LayerNoise> result;
  for (int i = 0; i < model.operator_count(); ++i) result.push_back(meter.result(i));
  return result;
}

}  // namespace coco_mcu::cli
