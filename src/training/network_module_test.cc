#include "training/network_module.h"

#include <gtest/gtest.h>

#include "network/tf_contrib_2019.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::training {
namespace {

using network::QuantizedTensor;
using network::Quantizer;
using network::QuantizerKind;

/// The placement of 2019, or none.
NetworkModule reference(bool quantized) {
  torch::manual_seed(7);
  const network::Network network = network::coco_mcu();
  return {network, quantized ? network::tf_contrib_2019(network) : network::Quantizers{}};
}

torch::Tensor pictures(int count, int side = 256) {
  return torch::randn({count, 3, side, side}).contiguous(torch::MemoryFormat::ChannelsLast);
}

/// Learned quantizers in some places of the tiny network: a kernel, batch norms with and without an
/// activation behind, gates, the input.
network::Quantizers learned_quantizers() {
  const auto output = [](const char* node, QuantizerKind kind) {
    return Quantizer{.node = node, .tensor = QuantizedTensor::kOutput, .kind = kind};
  };
  return {output("input", QuantizerKind::kFixedRange),
          {.node = "first_layer.conv",
           .tensor = QuantizedTensor::kWeight,
           .kind = QuantizerKind::kLearnedStep,
           .format = core::WeightFormat::kFourLevel2},
          output("first_layer.batch_norm", QuantizerKind::kLearnedRange),
          output("first_layer.activation", QuantizerKind::kLearnedRange),
          output("bneck0.expand.activation", QuantizerKind::kLearnedRange),
          output("bneck1.depthwise.squeeze_excite.scale", QuantizerKind::kLearnedRange),
          output("bneck2.add", QuantizerKind::kLearnedRange)};
}

NetworkModule tiny() {
  torch::manual_seed(8);
  NetworkModule module(network::tiny(), learned_quantizers());
  const torch::NoGradGuard no_grad;
  module.named_buffers()["input.output_quantizer.min"].fill_(-4.0F);
  module.named_buffers()["input.output_quantizer.max"].fill_(4.0F);
  return module;
}

NetworkModule::Mode calibration() {
  NetworkModule::Mode mode;
  mode.calibrate = true;
  return mode;
}

NetworkModule::Mode dropping_out(std::uint64_t key) {
  NetworkModule::Mode mode;
  mode.dropout_key = key;
  return mode;
}

void calibrate(NetworkModule& module, const torch::Tensor& input) {
  const torch::NoGradGuard no_grad;
  module.train();
  module.set_mode(calibration());
  module.forward(input);
  module.set_mode({});
}

TEST(NetworkModule, CarriesTheNamesAndShapesOfTheDescription) {
  const NetworkModule module = reference(false);
  const auto trainable = module.named_parameters();
  const auto buffers = module.named_buffers();
  std::size_t count = 0;
  for (const network::Parameter& each : network::parameters(module.description())) {
    const auto* tensor = (each.trainable ? trainable : buffers).find(each.name);
    ASSERT_NE(tensor, nullptr) << each.name;
    EXPECT_EQ(tensor->sizes().vec(), each.shape) << each.name;
    ++count;
  }
  EXPECT_EQ(trainable.size() + buffers.size(), count);
}

TEST(NetworkModule, OutputsHaveTheShapesOfTheDescription) {
  NetworkModule module = reference(false);
  module.eval();
  std::vector<NetworkModule::Observation> all;
  const auto& nodes = module.description().nodes;
  for (std::size_t id = 0; id < nodes.size(); ++id) all.push_back({static_cast<int>(id)});
  const torch::NoGradGuard no_grad;
  const auto seen = module.observe(pictures(2), all);
  for (std::size_t id = 0; id < nodes.size(); ++id) {
    const network::Shape& shape = nodes[id].output;
    const std::vector<std::int64_t> expected = {2, shape.channels, shape.height, shape.width};
    EXPECT_EQ(seen[id].sizes().vec(), expected) << nodes[id].name;
  }
}

TEST(NetworkModule, ProbabilitiesSumToOne) {
  NetworkModule module = reference(false);
  module.eval();
  const torch::Tensor sums = module.forward(pictures(3)).sum(1).flatten();
  EXPECT_TRUE(torch::allclose(sums, torch::ones({3})));
}

TEST(NetworkModule, InferenceWithFoldedBatchNormGivesTheSame) {
  for (const bool quantized : {false, true}) {
    NetworkModule module = reference(quantized);
    // Two steps of batch statistics, so that batch norm is not the identity.
    module.train();
    module.forward(pictures(4));
    module.forward(pictures(4));
    module.eval();
    module.prepare_inference();
    const torch::NoGradGuard no_grad;
    const torch::Tensor input = pictures(2);
    EXPECT_TRUE(torch::allclose(module.infer(input), module.forward(input), 1e-4, 1e-4))
        << quantized;
  }
}

TEST(NetworkModule, InferenceLeavesItsInputAlone) {
  NetworkModule module = reference(false);
  module.eval();
  module.prepare_inference();
  const torch::Tensor input = pictures(1);
  const torch::Tensor before = input.clone();
  module.infer(input);
  EXPECT_TRUE(torch::equal(input, before));
}

TEST(NetworkModule, TrainingMovesBatchNormStatisticsAndDropsOut) {
  NetworkModule module = reference(false);
  module.train();
  const torch::Tensor mean_before =
      module.named_buffers()["bneck4.expand.batch_norm.running_mean"].clone();
  const torch::Tensor input = pictures(2);
  module.set_mode(dropping_out(1));
  const torch::Tensor first = module.forward(input);
  module.set_mode(dropping_out(2));
  const torch::Tensor second = module.forward(input);
  EXPECT_FALSE(torch::equal(first, second)) << "another key drops others out";
  const torch::Tensor mean_after = module.named_buffers()["bneck4.expand.batch_norm.running_mean"];
  EXPECT_FALSE(torch::equal(mean_before, mean_after));
  module.eval();
  EXPECT_TRUE(torch::equal(module.forward(input), module.forward(input)));
}

TEST(NetworkModule, EveryTrainableParameterGetsAGradient) {
  for (const bool quantized : {false, true}) {
    NetworkModule module = reference(quantized);
    module.train();
    module.forward(pictures(2)).select(1, 1).sum().backward();
    for (const auto& parameter : module.named_parameters()) {
      EXPECT_TRUE(parameter.value().grad().defined()) << quantized << " " << parameter.key();
    }
  }
}

TEST(NetworkModule, TrainingMovesQuantizerRanges) {
  NetworkModule module = reference(true);
  module.train();
  module.forward(pictures(2));
  const auto buffers = module.named_buffers();
  const torch::Tensor weight = module.named_parameters()["last_conv3.conv.weight"];
  EXPECT_EQ(buffers["last_conv3.conv.weight_quantizer.max"].item<float>(),
            weight.max().item<float>());
  EXPECT_NE(buffers["last_conv3.conv.output_quantizer.max"].item<float>(), 6.0F);
}

TEST(NetworkModule, WhatIsDroppedDependsOnKeyAndPictureAlone) {
  NetworkModule module(network::tiny(), {});
  module.train();
  const torch::Tensor input = pictures(4, 64);
  // Frozen batch norm: pictures do not know of each other.
  const auto pass = [&](const torch::Tensor& some, std::int64_t first) {
    NetworkModule::Mode mode = dropping_out(5);
    mode.use_batch_statistics = false;
    mode.first_picture = first;
    module.set_mode(mode);
    return module.logits(some);
  };
  const torch::NoGradGuard no_grad;
  const torch::Tensor whole = pass(input, 0);
  EXPECT_TRUE(torch::allclose(pass(input.slice(0, 2), 2), whole.slice(0, 2), 1e-5, 1e-6));
  EXPECT_FALSE(torch::allclose(pass(input.slice(0, 2), 0), whole.slice(0, 2), 1e-5, 1e-6));
}

TEST(NetworkModule, CalibrationGivesLearnedRangesTheMeanExtremes) {
  NetworkModule module(network::tiny(), {{.node = "first_layer.batch_norm",
                                          .tensor = QuantizedTensor::kOutput,
                                          .kind = QuantizerKind::kLearnedRange}});
  module.eval();
  const torch::Tensor first = pictures(2, 64);
  const torch::Tensor second = pictures(2, 64);
  const auto id = *module.description().find("first_layer.batch_norm");
  const torch::NoGradGuard no_grad;
  NetworkModule::Mode in_floats;
  in_floats.quantize = false;
  module.set_mode(in_floats);
  const torch::Tensor a = module.observe(first, {{id}})[0];
  const torch::Tensor b = module.observe(second, {{id}})[0];
  module.set_mode(calibration());
  module.forward(first);
  module.forward(second);
  const auto ranges = module.named_parameters();
  EXPECT_NEAR(ranges["first_layer.batch_norm.output_quantizer.min"].item<float>(),
              (a.min().item<float>() + b.min().item<float>()) / 2, 1e-4);
  EXPECT_NEAR(ranges["first_layer.batch_norm.output_quantizer.max"].item<float>(),
              (a.max().item<float>() + b.max().item<float>()) / 2, 1e-4);
}

TEST(NetworkModule, FusedAndSeparateLayersComputeTheSame) {
  NetworkModule module = tiny();
  const torch::Tensor input = pictures(3, 64);
  calibrate(module, input);
  module.eval();
  std::vector<NetworkModule::Observation> all;
  for (std::size_t id = 0; id < module.description().nodes.size(); ++id) {
    all.push_back({static_cast<network::NodeId>(id)});
  }
  const torch::NoGradGuard no_grad;
  EXPECT_TRUE(torch::equal(module.forward(input), module.observe(input, all).back()));
}

TEST(NetworkModule, QuantizedOutputsStandOnTheirGrid) {
  NetworkModule module = tiny();
  const torch::Tensor input = pictures(2, 64);
  calibrate(module, input);
  module.eval();
  const torch::NoGradGuard no_grad;
  const auto id = *module.description().find("bneck2.add");
  const torch::Tensor value = module.observe(input, {{id}})[0];
  const auto ranges = module.named_parameters();
  const auto grid = nudge(ranges["bneck2.add.output_quantizer.min"].item<float>(),
                          ranges["bneck2.add.output_quantizer.max"].item<float>(), 8, false);
  const torch::Tensor codes = (value - grid.low) / grid.scale;
  EXPECT_LT((codes - codes.round()).abs().max().item<float>(), 1e-3);
}

TEST(NetworkModule, LearnedQuantizersGetGradients) {
  NetworkModule module = tiny();
  const torch::Tensor input = pictures(2, 64);
  calibrate(module, input);
  module.logits(input).select(1, 1).sum().backward();
  for (const auto& parameter : module.named_parameters()) {
    EXPECT_TRUE(parameter.value().grad().defined()) << parameter.key();
  }
  EXPECT_GT(module.named_parameters()["first_layer.conv.weight_quantizer.step"]
                .grad()
                .abs()
                .sum()
                .item<float>(),
            0.0F);
}

TEST(NetworkModule, TellsWhatQuantizersCutOff) {
  NetworkModule module = tiny();
  const torch::Tensor input = pictures(2, 64);
  calibrate(module, input);
  module.eval();
  module.watch_saturation(true);
  const torch::NoGradGuard no_grad;
  module.named_parameters()["first_layer.activation.output_quantizer.max"].fill_(0.01F);
  module.forward(input);
  EXPECT_GT(module.saturation().at("first_layer.activation"), 0.1);
  EXPECT_LT(module.saturation().at("bneck2.add"), 0.05);
}

TEST(NetworkModule, ConstrainedQuantizersKeepZeroAndAStep) {
  NetworkModule module = tiny();
  const torch::NoGradGuard no_grad;
  auto parameters = module.named_parameters();
  parameters["bneck2.add.output_quantizer.min"].fill_(0.5F);
  parameters["bneck2.add.output_quantizer.max"].fill_(-0.5F);
  parameters["first_layer.conv.weight_quantizer.step"].fill_(-1.0F);
  module.constrain();
  EXPECT_EQ(parameters["bneck2.add.output_quantizer.min"].item<float>(), 0.0F);
  EXPECT_GT(parameters["bneck2.add.output_quantizer.max"].item<float>(), 0.0F);
  EXPECT_GT(parameters["first_layer.conv.weight_quantizer.step"].min().item<float>(), 0.0F);
}

TEST(Normalize, IsTheFormulaOfThePreprocessing) {
  const torch::Tensor bytes = torch::tensor({0, 128, 255}, torch::kUInt8).view({1, 1, 1, 3});
  const float mean[3] = {0.485F, 0.456F, 0.406F};
  const float deviation[3] = {0.229F, 0.224F, 0.225F};
  const torch::Tensor x = normalize(bytes, mean, deviation);
  ASSERT_EQ(x.sizes().vec(), (std::vector<std::int64_t>{1, 3, 1, 1}));
  EXPECT_NEAR(x[0][0].item<float>(), (0.0 - 255 * 0.485) / (255 * 0.229), 1e-5);
  EXPECT_NEAR(x[0][1].item<float>(), (128.0 - 255 * 0.456) / (255 * 0.224), 1e-5);
  EXPECT_NEAR(x[0][2].item<float>(), (255.0 - 255 * 0.406) / (255 * 0.225), 1e-5);
}

}  // namespace
}  // namespace coco_mcu::training
