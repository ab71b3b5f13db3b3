// Importing from TensorFlow: a small network whose checkpoint the test writes, and the reference
// checkpoint of 2019 where the shared material is at hand.
#include "exchange/import_tf.h"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/blocks.h"
#include "network/tf_contrib_2019.h"
#include "network/zoo/zoo.h"
#include "tests/support/bundle_writer.h"
#include "tests/support/complaint.h"
#include "tests/support/shared_material.h"

namespace coco_mcu::exchange {
namespace {

using coco_mcu::testing::complaint;
using network::Checkpoint;
using network::Network;
using network::Tensor;
using testing::BundleWriter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A network with the names of the reference network, but only two of its blocks.
Network small_network() {
  network::Builder net("coco_mcu");
  network::NodeId x = net.input({256, 256, 3});
  x = network::conv_norm(net, "first_layer", x, {.filters = 2, .kernel = 3});
  const network::Builder::Scope scope(net, "att_0");
  network::bottleneck(net, "bneck5", x, {.expand = 4, .filters = 2, .squeeze_excite = true});
  return net.finish({"no", "yes"});
}

std::vector<float> counting(std::size_t size) {
  std::vector<float> values(size);
  std::iota(values.begin(), values.end(), 0.0F);
  return values;
}

void add_batch_norm(BundleWriter& writer, const std::string& scope, std::int64_t channels) {
  for (const char* part : {"gamma", "beta", "moving_mean", "moving_variance"}) {
    writer.add(scope + "/BatchNormalization/BatchNormalization/" + part, {channels},
               std::vector<float>(static_cast<std::size_t>(channels), static_cast<float>(part[0])));
  }
}

void add_range(BundleWriter& writer, const std::string& quantizer, float min, float max) {
  writer.add(quantizer + "/min", {}, {min});
  writer.add(quantizer + "/max", {}, {max});
}

/// Its checkpoint, as TensorFlow would have saved it.
BundleWriter small_bundle() {
  BundleWriter writer;
  writer.add("Adam/lr", {}, {0.1F});
  writer.add("first_layer/Conv3x3/kernel", {3, 3, 3, 2}, counting(54));
  add_batch_norm(writer, "first_layer", 2);
  const std::string block = "att_0/Bneck_4/";
  writer.add(block + "Expand/Conv1x1/kernel", {1, 1, 2, 4}, counting(8));
  add_batch_norm(writer, block + "Expand", 4);
  writer.add(block + "Depthwise/DWConv3x3/depthwise_kernel", {3, 3, 4, 1}, counting(36));
  add_batch_norm(writer, block + "Depthwise", 4);
  const std::string excite = block + "Depthwise/SEBottleneck/";
  writer.add(excite + "Squeeze/Conv1x1/kernel", {1, 1, 4, 1}, counting(4));
  add_range(writer, excite + "Squeeze/Conv1x1/weights_quant", -1.0F, 1.0F);
  add_range(writer, excite + "Squeeze/Conv1x1/act_quant", 0.0F, 3.0F);
  writer.add(excite + "Excite/Conv1x1/kernel", {1, 1, 1, 4}, counting(4));
  add_range(writer, excite + "Excite/Conv1x1/weights_quant", -2.0F, 2.0F);
  add_range(writer, excite + "Excite/Conv1x1/act_quant", 0.0F, 3.0F);
  writer.add(block + "Project/Conv1x1/kernel", {1, 1, 4, 2}, counting(8));
  add_batch_norm(writer, block + "Project", 2);
  return writer;
}

ImportReport import_small(const BundleWriter& writer) {
  return import_tensorflow(writer.finish(), small_network());
}

TEST(ImportTensorFlow, TurnsKernelsToOutInHeightWidth) {
  const Checkpoint checkpoint = import_small(small_bundle()).checkpoint;
  const Tensor& kernel = checkpoint.tensors.at("first_layer.conv.weight");
  EXPECT_THAT(kernel.shape, ElementsAre(2, 3, 3, 3));
  for (std::size_t out = 0; out < 2; ++out) {
    for (std::size_t in = 0; in < 3; ++in) {
      for (std::size_t y = 0; y < 3; ++y) {
        for (std::size_t x = 0; x < 3; ++x) {
          const auto theirs = static_cast<float>(((y * 3 + x) * 3 + in) * 2 + out);
          EXPECT_EQ(kernel.values[((out * 3 + in) * 3 + y) * 3 + x], theirs);
        }
      }
    }
  }
  const Tensor& depthwise = checkpoint.tensors.at("att_0.bneck5.depthwise.conv.weight");
  EXPECT_THAT(depthwise.shape, ElementsAre(4, 1, 3, 3));
  EXPECT_THAT(std::span(depthwise.values).subspan(9, 9),  // channel 1
              ElementsAre(1, 5, 9, 13, 17, 21, 25, 29, 33));
}

TEST(ImportTensorFlow, NamesThePartsOfBatchNorm) {
  const auto tensors = import_small(small_bundle()).checkpoint.tensors;
  const std::string name = "att_0.bneck5.project.batch_norm.";
  EXPECT_THAT(tensors.at(name + "weight").values, ElementsAre('g', 'g'));
  EXPECT_THAT(tensors.at(name + "bias").values, ElementsAre('b', 'b'));
  EXPECT_THAT(tensors.at(name + "running_mean").values, ElementsAre('m', 'm'));
  EXPECT_THAT(tensors.at(name + "running_var").values, ElementsAre('m', 'm'));
}

TEST(ImportTensorFlow, MovesQuantizersToWhereTheGraphHasThem) {
  const auto tensors = import_small(small_bundle()).checkpoint.tensors;
  const std::string block = "att_0.bneck5.depthwise.squeeze_excite.";
  EXPECT_THAT(tensors.at(block + "squeeze.weight_quantizer.min").values, ElementsAre(-1.0F));
  EXPECT_THAT(tensors.at(block + "excite.weight_quantizer.max").values, ElementsAre(2.0F));
  EXPECT_THAT(tensors.at(block + "relu.output_quantizer.max").values, ElementsAre(3.0F));
  EXPECT_THAT(tensors.at(block + "gate.output_quantizer.max").values, ElementsAre(0.5F));
  EXPECT_FALSE(tensors.contains(block + "squeeze.output_quantizer.max"));
  EXPECT_FALSE(tensors.contains(block + "excite.output_quantizer.max"));
}

TEST(ImportTensorFlow, ReportsWhatHasNoPlace) {
  BundleWriter writer = small_bundle();
  writer.add("bneck6/bneck6/Expand/Conv1x1/kernel", {1, 1, 1, 1}, {0.0F});  // not in this network
  writer.add("first_layer/Conv3x3/kernel/Momentum", {1}, {0.0F});
  writer.add("first_layer_2/Conv3x3/kernel", {1}, {0.0F});
  EXPECT_THAT(import_small(writer).unplaced,
              ElementsAre("Adam/lr", "bneck6/bneck6/Expand/Conv1x1/kernel",
                          "first_layer/Conv3x3/kernel/Momentum", "first_layer_2/Conv3x3/kernel"));
}

TEST(ImportTensorFlow, SaysWhereItComesFrom) {
  const Checkpoint checkpoint = import_small(small_bundle()).checkpoint;
  EXPECT_EQ(checkpoint.network, "coco_mcu");
  EXPECT_EQ(checkpoint.quantizers, network::tf_contrib_2019(small_network()));
  EXPECT_THAT(checkpoint.labels, ElementsAre("no", "yes"));
  EXPECT_EQ(checkpoint.preprocessing.width, 256);
  EXPECT_EQ(checkpoint.preprocessing.resize, core::Resize::kLegacyBilinear);
  EXPECT_EQ(checkpoint.provenance.at("source"), "TensorFlow checkpoint test.ckpt");
  EXPECT_THAT(checkpoint.provenance.at("source data-0"), HasSubstr(" bytes, CRC-32C "));
  EXPECT_EQ(complaint([&] { network::check_fits(checkpoint, small_network()); }), "");
}

TEST(ImportTensorFlow, NamesWhatIsMissingOrDoesNotFit) {
  BundleWriter missing = small_bundle();
  missing.entries.erase("att_0/Bneck_4/Expand/Conv1x1/kernel");
  EXPECT_EQ(complaint([&] { import_small(missing); }),
            "test.ckpt: no variable for att_0.bneck5.expand.conv.weight [4, 2, 1, 1] of network "
            "coco_mcu; give a checkpoint of that network");
  BundleWriter unquantized = small_bundle();
  unquantized.entries.erase("att_0/Bneck_4/Depthwise/SEBottleneck/Excite/Conv1x1/act_quant/max");
  EXPECT_THAT(complaint([&] { import_small(unquantized); }),
              HasSubstr("no variable for att_0.bneck5.depthwise.squeeze_excite.gate."
                        "output_quantizer.max [] of network coco_mcu"));
  BundleWriter other = small_bundle();
  other.entries.erase("first_layer/Conv3x3/kernel");
  other.add("first_layer/Conv3x3/kernel", {3, 3, 1, 2}, counting(18));
  EXPECT_THAT(complaint([&] { import_small(other); }),
              HasSubstr("variable first_layer/Conv3x3/kernel [3, 3, 1, 2] becomes [2, 1, 3, 3], "
                        "first_layer.conv.weight of network coco_mcu is [2, 3, 3, 3]"));
  BundleWriter twice = small_bundle();
  twice.add("first_layer/Conv1x1/kernel", {3, 3, 3, 2}, counting(54));
  EXPECT_THAT(complaint([&] { import_small(twice); }),
              HasSubstr("is the second for first_layer.conv.weight"));
  Network unknown = small_network();
  unknown.name = "elsewhere";
  EXPECT_THAT(complaint([&] { import_tensorflow(small_bundle().finish(), unknown); }),
              HasSubstr("network elsewhere: names of its TensorFlow variables are not known"));
}

float value(const Checkpoint& checkpoint, const std::string& name, std::size_t at) {
  return checkpoint.tensors.at(name).values.at(at);
}

TEST(ImportTensorFlow, ReadsTheReferenceCheckpoint) {
  const auto prefix = coco_mcu::testing::shared_material("reference/checkpoint/graph.ckpt.index");
  if (!prefix) GTEST_SKIP() << "needs the reference checkpoint (COCO_MCU_SHARED)";
  const Network network = network::zoo_entry("coco_mcu").build();
  const ImportReport report = import_tensorflow(TfCheckpoint::open(*prefix), network);
  const Checkpoint& checkpoint = report.checkpoint;
  // 333 parameters and 73 quantizers of two numbers; the optimizer keeps five.
  EXPECT_EQ(checkpoint.tensors.size(), 333U + 2 * 73U);
  EXPECT_THAT(report.unplaced, ElementsAre("Adam/beta_1", "Adam/beta_2", "Adam/decay",
                                           "Adam/iterations", "Adam/lr"));
  EXPECT_EQ(complaint([&] { network::check_fits(checkpoint, network); }), "");

  // Spot checks, each at an index where a wrong order of dimensions gives another value.
  EXPECT_EQ(value(checkpoint, "first_layer.conv.weight", ((5 * 3 + 0) * 3 + 1) * 3 + 2),
            0.6015067100524902F);
  EXPECT_EQ(value(checkpoint, "bneck4.depthwise.conv.weight", (17 * 5 + 3) * 5 + 1),
            -0.23374919593334198F);
  EXPECT_EQ(value(checkpoint, "att_0.bneck3.depthwise.squeeze_excite.squeeze.weight", 2 * 32 + 31),
            7.284630391306626e-14F);
  EXPECT_EQ(value(checkpoint, "last_conv3.conv.weight", 1034), -0.3092252314090729F);
  EXPECT_EQ(value(checkpoint, "first_layer.batch_norm.weight", 1), 0.4236106276512146F);
  EXPECT_EQ(value(checkpoint, "first_layer.batch_norm.running_var", 7), 4.898849010467529F);
  EXPECT_THAT(checkpoint.tensors.at("last_conv3.conv.bias").values,
              ElementsAre(0.2923469841480255F, -0.28783342242240906F));
  const std::string squeeze = "bneck4.depthwise.squeeze_excite.squeeze.";
  EXPECT_EQ(value(checkpoint, squeeze + "weight_quantizer.min", 0), -0.7056882381439209F);
  EXPECT_EQ(value(checkpoint, squeeze + "output_quantizer.max", 0), 9.904050827026367F);
  EXPECT_EQ(value(checkpoint, "last_conv2.activation.output_quantizer.max", 0), 1.464051365852356F);
  EXPECT_EQ(value(checkpoint, "att_0.bneck5.depthwise.squeeze_excite.gate.output_quantizer.max", 0),
            2.999880790710449F / 6.0F);
}

}  // namespace
}  // namespace coco_mcu::exchange
