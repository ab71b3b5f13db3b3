// A small network with everything that the reference network has, and the engine's run of its
// integer model, tensor by tensor.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "core/preprocessing.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "engine/tensor_observer.h"
#include "model/model_file.h"
#include "model/serialize.h"
#include "network/blocks.h"
#include "tests/support/network_evaluator.h"

namespace coco_mcu::testing {

inline constexpr int kSide = 22;
inline const core::Preprocessing kPreprocessing = {.height = kSide,
                                                   .width = kSide,
                                                   .resize = core::Resize::kBilinear,
                                                   .mean = {0.485F, 0.456F, 0.406F},
                                                   .deviation = {0.229F, 0.224F, 0.225F}};

/// Everything the reference network has, small: strided convolution with h-swish, a mask computed
/// coarsely, bottlenecks with squeeze-excite and residual, an upsampling that is added, pooled
/// head.
inline network::Network small_network() {
  network::Builder net("small");
  const network::NodeId input = net.input({kSide, kSide, 3});
  network::NodeId x = conv_norm(net, "first", input,
                                {.filters = 6, .kernel = 3, .activation = network::Op::kHardSwish});
  network::NodeId mask = net.max_pool("mask.pool1", x, 2, 2);
  const network::NodeId half = mask;
  mask = net.max_pool("mask.pool2", mask, 2, 2);
  mask = bottleneck(net, "mask_bneck", mask,
                    {.expand = 10, .filters = 6, .squeeze_excite = true, .residual = true});
  mask = net.upsample("mask.up1", mask, 3);
  mask = net.crop("mask.crop1", mask, 4);
  mask = net.add("mask.sum", mask, half);
  mask = net.activation("mask.curve", mask, network::Op::kSigmoidPlusOne);
  mask = net.upsample("mask.up2", mask, 2);
  x = net.multiply("masked", x, mask);
  x = bottleneck(net, "bneck1", x,
                 {.expand = 12,
                  .filters = 6,
                  .squeeze_excite = true,
                  .activation = network::Op::kHardSwish,
                  .residual = true});
  x = bottleneck(net, "bneck2", x, {.kernel = 5, .expand = 16, .filters = 10, .stride = 2});
  x = conv_norm(net, "last", x, {.filters = 24, .activation = network::Op::kHardSwish});
  x = net.global_average_pool("average", x);
  x = net.conv("hidden", x, {.filters = 20, .bias = true});
  x = net.activation("curve", x, network::Op::kHardSwish);
  x = net.dropout("dropout", x, 0.5);
  x = net.conv("classify", x, {.filters = 2, .bias = true});
  net.softmax("probs", x);
  return net.finish({"no person", "person"});
}

/// Tensors of different ranges side by side.
inline network::Network joining_network() {
  network::Builder net("joining");
  const network::NodeId input = net.input({kSide, kSide, 3});
  const network::NodeId wide =
      conv_norm(net, "wide", input, {.filters = 6, .kernel = 3, .activation = network::Op::kRelu});
  const network::NodeId deep =
      conv_norm(net, "deep", wide, {.filters = 5, .activation = network::Op::kHardSwish});
  network::NodeId x = net.concatenate("joined", {wide, deep});
  x = conv_norm(net, "last", x, {.filters = 8, .kernel = 3, .activation = network::Op::kRelu});
  x = net.global_average_pool("average", x);
  x = net.conv("classify", x, {.filters = 2, .bias = true});
  net.softmax("probs", x);
  return net.finish({"no person", "person"});
}

/// Pictures of one colour each, with noise: their averages differ as those of photographs do.
inline std::vector<std::uint8_t> random_pixels(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> any(0, 255);
  std::uniform_int_distribution<int> noise(-80, 80);
  const std::array<int, 3> colour = {any(random), any(random), any(random)};
  std::vector<std::uint8_t> pixels(std::size_t{3} * kSide * kSide);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(std::clamp(colour[i % 3] + noise(random), 0, 255));
  }
  return pixels;
}

/// What the float network sees of them.
inline FeatureMap normalized(const std::vector<std::uint8_t>& pixels) {
  FeatureMap picture({kSide, kSide, 3});
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    picture.values[i] =
        (pixels[i] / 255.0 - kPreprocessing.mean[i % 3]) / kPreprocessing.deviation[i % 3];
  }
  return picture;
}

/// Every tensor of a run, as the codes that the engine computed.
class Tensors final : public engine::TensorObserver {
 public:
  explicit Tensors(const model::View& model)
      : TensorObserver(model), codes(static_cast<std::size_t>(model.operator_count())) {}

  void on_tensor(int layer, const std::uint8_t* tensor) override {
    const std::size_t bytes = model::tensor_bytes(model().layer(layer));
    codes[static_cast<std::size_t>(layer)].assign(tensor, tensor + bytes);
  }
  std::vector<std::vector<std::uint8_t>> codes;  // of each layer
};

struct IntegerRun {
  std::vector<std::vector<std::uint8_t>> codes;
  double person = 0.0;
};

inline IntegerRun run_integer(const model::IntegerModel& made,
                              const std::vector<std::uint8_t>& pixels) {
  const model::ModelFile file(model::serialize(made), "small.cmcu");
  const engine::Arena arena(engine::arena_bytes(file.view(), kernels::kReferenceBackend));
  engine::Engine engine(file.view(), kernels::kReferenceBackend, arena.data());
  Tensors tensors(file.view());
  const engine::Decision decision = engine.run(pixels.data(), &tensors);
  return {std::move(tensors.codes),
          static_cast<double>(decision.probability) / model::kProbabilityOne};
}

}  // namespace coco_mcu::testing
