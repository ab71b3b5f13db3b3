#include "training/checkpoint_loading.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/builder.h"
#include "network/tf_contrib_2019.h"
#include "network/zoo/zoo.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::training {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

network::Checkpoint random_checkpoint(const network::Quantizers& quantizers) {
  torch::manual_seed(11);
  network::Network description = network::coco_mcu();
  const NetworkModule module(description, quantizers);
  network::Checkpoint checkpoint;
  checkpoint.network = description.name;
  checkpoint.preprocessing = {.height = 256, .width = 256};
  checkpoint.labels = description.labels;
  checkpoint.quantizers = quantizers;
  checkpoint.tensors = state_of(module);
  return checkpoint;
}

TEST(CheckpointLoading, GivesBackEveryTensor) {
  const network::Checkpoint checkpoint =
      random_checkpoint(network::tf_contrib_2019(network::coco_mcu()));
  EXPECT_EQ(state_of(*load_module(checkpoint)), checkpoint.tensors);
}

TEST(CheckpointLoading, NamesAMissingQuantizerRange) {
  network::Checkpoint checkpoint = random_checkpoint(network::tf_contrib_2019(network::coco_mcu()));
  checkpoint.tensors.erase("last_conv3.conv.output_quantizer.max");
  EXPECT_THAT([&] { load_module(checkpoint); },
              ThrowsMessage<std::runtime_error>(
                  HasSubstr("checkpoint lacks tensor last_conv3.conv.output_quantizer.max")));
}

TEST(CheckpointLoading, NamesATensorOfAnotherShape) {
  network::Checkpoint checkpoint = random_checkpoint({});
  checkpoint.tensors["bneck2.project.conv.weight"] = {{24, 16, 1, 1}, std::vector<float>(24 * 16)};
  EXPECT_THAT([&] { load_module(checkpoint); },
              ThrowsMessage<std::runtime_error>(HasSubstr("bneck2.project.conv.weight")));
}

// A network that no zoo holds: its convolution has a bias and its batch norm all the same.
TEST(CheckpointLoading, TakesANetworkThatIsNotInTheZoo) {
  network::Builder net("mine");
  const network::NodeId x = net.conv("conv", net.input({8, 8, 3}), {.filters = 2, .bias = true});
  net.global_average_pool("average", net.batch_norm("batch_norm", x));
  const network::Network description = net.finish({"no person", "person"});
  network::Checkpoint checkpoint;
  checkpoint.network = description.name;
  checkpoint.preprocessing = {.height = 8, .width = 8};
  checkpoint.labels = description.labels;
  torch::manual_seed(12);
  const NetworkModule random(description, {});
  checkpoint.tensors = state_of(random);
  const auto module = load_module(description, checkpoint);
  EXPECT_EQ(state_of(*module), checkpoint.tensors);
  module->eval();
  module->prepare_inference();
  const torch::Tensor picture = torch::rand({1, 3, 8, 8});
  EXPECT_TRUE(torch::allclose(module->infer(picture), module->forward(picture), 1e-4, 1e-5));
}

// The file is libtorch's own format: its reader, which shares no code with ours, opens it.
TEST(CheckpointLoading, LibtorchOpensTheWeightsFile) {
  const network::Checkpoint checkpoint =
      random_checkpoint(network::tf_contrib_2019(network::coco_mcu()));
  const coco_mcu::testing::TemporaryFolder temporary;
  const auto folder = temporary.path() / "checkpoint";
  network::write_checkpoint(checkpoint, folder);
  std::ifstream file(folder / network::kWeightsFile, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  const auto dict = torch::pickle_load(bytes).toGenericDict();
  ASSERT_EQ(dict.size(), checkpoint.tensors.size());
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const torch::Tensor read = dict.at(name).toTensor();
    ASSERT_EQ(read.sizes().vec(), tensor.shape) << name;
    const auto* values = read.data_ptr<float>();
    EXPECT_EQ(std::vector<float>(values, values + read.numel()), tensor.values) << name;
  }
}

}  // namespace
}  // namespace coco_mcu::training
