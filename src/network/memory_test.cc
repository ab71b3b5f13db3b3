#include "network/memory.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "network/blocks.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::network {
namespace {

TEST(Memory, ElementwiseLayersWriteOverTheirInput) {
  Builder net("chain");
  NodeId x = net.input({4, 4, 2});
  x = net.activation("relu", x, Op::kRelu);
  net.activation("hard_swish", x, Op::kHardSwish);
  const MemoryProfile profile = memory_profile(net.finish({"a", "b"}), Fusion::kNone);
  EXPECT_EQ(profile.peak_bytes(), 32);
}

TEST(Memory, ConvolutionsNeedInputAndOutput) {
  Builder net("chain");
  NodeId x = net.input({4, 4, 2});
  x = net.conv("wide", x, {.filters = 10});
  net.conv("narrow", x, {.filters = 1});
  const Network network = net.finish({"a"});
  const MemoryProfile profile = memory_profile(network, Fusion::kNone);
  EXPECT_EQ(profile.peak_bytes(), 4 * 4 * (2 + 10));
  EXPECT_EQ(network.nodes[profile.steps[profile.peak].node].name, "wide");
  EXPECT_EQ(profile.steps[profile.peak].live.size(), 2U);
}

TEST(Memory, AnInputThatIsReadAgainIsNotWrittenOver) {
  Builder net("residual");
  const NodeId x = net.input({4, 4, 2});
  const NodeId y = net.activation("relu", x, Op::kRelu);
  net.add("add", y, x);
  const MemoryProfile profile = memory_profile(net.finish({"a", "b"}), Fusion::kNone);
  EXPECT_EQ(profile.peak_bytes(), 2 * 32);
}

// A wide branch that shrinks to one element should run first: afterwards only that element waits.
TEST(Memory, FindsTheOrderWithTheSmallerPeak) {
  Builder net("branches");
  const NodeId x = net.input({8, 8, 1});
  const NodeId kept = net.conv("kept", x, {.filters = 4});
  NodeId gate = net.conv("wide", x, {.filters = 16});
  gate = net.global_average_pool("pool", gate);
  gate = net.conv("gate", gate, {.filters = 4});
  net.multiply("scale", kept, gate);
  const Network network = net.finish({"a", "b", "c", "d"});
  const MemoryProfile profile = memory_profile(network, Fusion::kNone);
  EXPECT_EQ(profile.peak_bytes(), 64 + 64 * 16 + 16);  // input, wide and its mean
  const auto position = [&](std::string_view name) {
    return std::ranges::find(profile.steps, *network.find(name), &MemoryStep::node) -
           profile.steps.begin();
  };
  EXPECT_LT(position("wide"), position("kept"));
}

TEST(Memory, FusedExpandIsNeverStored) {
  Builder net("fused");
  bottleneck(net, "bneck", net.input({8, 8, 2}), {.kernel = 3, .expand = 32, .filters = 2});
  const Network network = net.finish({"a", "b"});
  EXPECT_EQ(memory_profile(network, Fusion::kNone).peak_bytes(), 2 * 64 * 32);
  EXPECT_EQ(memory_profile(network, Fusion::kExpandAndMask).peak_bytes(), 64 * (32 + 2));
}

TEST(Memory, EveryStepListsWhatItsBytesAreMadeOf) {
  const Network network = coco_mcu();
  for (const Fusion fusion : {Fusion::kNone, Fusion::kExpandAndMask}) {
    for (const MemoryStep& step : memory_profile(network, fusion).steps) {
      std::int64_t sum = 0;
      for (const NodeId id : step.live) sum += network.nodes[id].output.elements();
      EXPECT_EQ(sum, step.bytes) << network.nodes[step.node].name;
    }
  }
}

TEST(Memory, OfTheReferenceNetwork) {
  const Network network = coco_mcu();
  EXPECT_EQ(memory_profile(network, Fusion::kNone).peak_bytes(), 355'008);
  EXPECT_EQ(memory_profile(network, Fusion::kExpandAndMask).peak_bytes(), 255'776);
}

}  // namespace
}  // namespace coco_mcu::network
