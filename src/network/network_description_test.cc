#include "network/network_description.h"

#include <algorithm>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/builder.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::network {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Network read(const Json& layers, const std::vector<std::string>& labels) {
  const Json json = {{"layers", layers}};
  return read_layers(Object(json, "c.json", ""), "own", labels);
}

void expect_same(const Network& a, const Network& b) {
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (std::size_t i = 0; i < a.nodes.size(); ++i) {
    EXPECT_EQ(a.nodes[i].name, b.nodes[i].name);
    EXPECT_EQ(a.nodes[i].op, b.nodes[i].op) << a.nodes[i].name;
    EXPECT_EQ(a.nodes[i].inputs, b.nodes[i].inputs) << a.nodes[i].name;
    EXPECT_EQ(a.nodes[i].output, b.nodes[i].output) << a.nodes[i].name;
    EXPECT_EQ(a.nodes[i].padding, b.nodes[i].padding) << a.nodes[i].name;
    EXPECT_EQ(a.nodes[i].bias, b.nodes[i].bias) << a.nodes[i].name;
    EXPECT_DOUBLE_EQ(a.nodes[i].drop_rate, b.nodes[i].drop_rate) << a.nodes[i].name;
  }
  ASSERT_EQ(a.blocks.size(), b.blocks.size());
  for (std::size_t i = 0; i < a.blocks.size(); ++i) {
    EXPECT_EQ(a.blocks[i].name, b.blocks[i].name);
    EXPECT_EQ(a.blocks[i].last, b.blocks[i].last) << a.blocks[i].name;
  }
}

TEST(NetworkDescription, GivesEveryNetworkOfTheZooBack) {
  for (const ZooEntry& entry : zoo()) {
    const Network network = entry.build();
    expect_same(read(describe_layers(network), network.labels), network);
  }
}

Network with_every_padding() {
  Builder net("own");
  const NodeId x = net.input({32, 32, 3});
  const NodeId a =
      net.conv("first", x,
               {.filters = 4, .kernel = 7, .stride = 4, .bias = true, .padding = Padding::kSame});
  const NodeId b = net.depthwise_conv("second", a, {.kernel = 3, .padding = Padding::kNone});
  const NodeId c = net.depthwise_conv("third", a, {.kernel = 3, .padding = Padding::kNone});
  const NodeId joined = net.concatenate("joined", {b, c});
  net.softmax("probs", net.global_average_pool("mean", joined));
  return net.finish(std::vector<std::string>(8, "label"));
}

TEST(NetworkDescription, KeepsPaddingAndConcatenation) {
  const Network network = with_every_padding();
  EXPECT_EQ(network.nodes[1].output, (Shape{8, 8, 4}));
  EXPECT_EQ(network.nodes[1].padding, 1);  // three zeros: one before, two behind
  EXPECT_EQ(network.nodes[2].output, (Shape{6, 6, 4}));
  expect_same(read(describe_layers(network), network.labels), network);
}

TEST(NetworkDescription, RefusesWhatIsNoNetwork) {
  const Network network = with_every_padding();
  const Json good = describe_layers(network);
  const auto refused = [&](std::size_t layer, const char* key, const Json& value) {
    Json bad = good;
    bad[layer][key] = value;
    return [bad, &network] { read(bad, network.labels); };
  };
  EXPECT_THAT(refused(1, "op", "einsum"),
              ThrowsMessage<std::runtime_error>(HasSubstr("layers[1].op is einsum, no operation")));
  EXPECT_THAT(refused(1, "inputs", Json::array({"nobody"})),
              ThrowsMessage<std::runtime_error>(HasSubstr("names nobody, no layer before")));
  EXPECT_THAT(refused(2, "kernel", 20),
              ThrowsMessage<std::runtime_error>(HasSubstr("nothing is left of its input")));
  EXPECT_THAT(refused(3, "name", "second"),
              ThrowsMessage<std::runtime_error>(HasSubstr("that of two layers")));
  EXPECT_THAT(refused(4, "inputs", Json::array({"first", "second"})),
              ThrowsMessage<std::runtime_error>(HasSubstr("differ in height or width")));
  EXPECT_THAT(refused(0, "op", "relu"),
              ThrowsMessage<std::runtime_error>(HasSubstr("\"input\" the first")));
  EXPECT_THAT(([&] { read(good, {"one"}); }),
              ThrowsMessage<std::runtime_error>(HasSubstr("1 labels for an output of 8")));
}

}  // namespace
}  // namespace coco_mcu::network
