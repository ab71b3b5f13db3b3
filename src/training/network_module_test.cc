#include "training/network_module.h"

#include <gtest/gtest.h>

#include "network/tf_contrib_2019.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::training {
namespace {

NetworkModule reference(bool is_quantized) {
  torch::manual_seed(7);
  const network::Network network = network::coco_mcu();
  return {network, is_quantized ? network::tf_contrib_2019(network) : network::Quantizers{}};
}

torch::Tensor pictures(int count) {
  return torch::randn({count, 3, 256, 256}).contiguous(torch::MemoryFormat::ChannelsLast);
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
  for (const bool is_quantized : {false, true}) {
    NetworkModule module = reference(is_quantized);
    // Two steps of batch statistics, so that batch norm is not the identity.
    module.train();
    module.forward(pictures(4));
    module.forward(pictures(4));
    module.eval();
    module.prepare_inference();
    const torch::NoGradGuard no_grad;
    const torch::Tensor input = pictures(2);
    EXPECT_TRUE(torch::allclose(module.infer(input), module.forward(input), 1e-4, 1e-4))
        << is_quantized;
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
  const torch::Tensor first = module.forward(input);
  const torch::Tensor second = module.forward(input);
  EXPECT_FALSE(torch::equal(first, second)) << "dropout draws anew";
  const torch::Tensor mean_after = module.named_buffers()["bneck4.expand.batch_norm.running_mean"];
  EXPECT_FALSE(torch::equal(mean_before, mean_after));
  module.eval();
  EXPECT_TRUE(torch::equal(module.forward(input), module.forward(input)));
}

TEST(NetworkModule, EveryTrainableParameterGetsAGradient) {
  for (const bool is_quantized : {false, true}) {
    NetworkModule module = reference(is_quantized);
    module.train();
    module.forward(pictures(2)).select(1, 1).sum().backward();
    for (const auto& parameter : module.named_parameters()) {
      EXPECT_TRUE(parameter.value().grad().defined()) << is_quantized << " " << parameter.key();
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
