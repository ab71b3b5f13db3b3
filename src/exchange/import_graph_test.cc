#include "exchange/import_graph.h"

#include <cstring>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "network/checkpoint.h"

namespace coco_mcu::exchange {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const GraphOptions kOptions = {
    .name = "other", .preprocessing = {.height = 8, .width = 8}, .labels = {"no person", "person"}};

Json tensor(int offset, std::vector<int> shape) {
  return {{"offset", offset}, {"shape", std::move(shape)}};
}

/// Input, convolution 3 to 2, relu, itself twice side by side, mean, fully connected 4 to 2.
Json graph() {
  Json nodes = Json::array();
  nodes.push_back({{"name", "input"}, {"op", "input"}, {"inputs", Json::array()}});
  nodes.push_back({{"name", "a/conv"},
                   {"op", "conv"},
                   {"inputs", {"input"}},
                   {"weight", tensor(0, {2, 3, 1, 1})},
                   {"bias", tensor(24, {2})},
                   {"stride", 1},
                   {"padding", "same"},
                   {"groups", 1}});
  nodes.push_back({{"name", "a/relu"}, {"op", "relu"}, {"inputs", {"a/conv"}}});
  nodes.push_back({{"name", "b"}, {"op", "concat"}, {"inputs", {"a/relu", "a/relu"}}});
  nodes.push_back({{"name", "c"},
                   {"op", "average_pool"},
                   {"inputs", {"b"}},
                   {"kernel", 8},
                   {"stride", 8},
                   {"padding", "valid"}});
  nodes.push_back({{"name", "d"},
                   {"op", "fully_connected"},
                   {"inputs", {"c"}},
                   {"weight", tensor(32, {4, 2})},
                   {"bias", tensor(64, {2})}});
  return {{"nodes", nodes}, {"output", "d"}};
}

std::vector<std::uint8_t> weights() {
  std::vector<float> numbers(18);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
  std::vector<std::uint8_t> bytes(numbers.size() * sizeof(float));
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

network::Checkpoint imported(const Json& json) {
  return import_graph(json.dump(), weights(), "folder", kOptions);
}

TEST(ImportGraph, MakesACheckpointWithItsOwnNetwork) {
  const network::Checkpoint made = imported(graph());
  const network::Network network = network::network_of(made);
  EXPECT_EQ(network.name, "other");
  EXPECT_EQ(network.output().op, network::Op::kSoftmax);
  EXPECT_EQ(network.nodes[*network.find("b")].output, (network::Shape{8, 8, 4}));
  EXPECT_THAT(made.tensors.at("a.conv.weight").values, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(made.tensors.at("d.weight").shape, ElementsAre(2, 4, 1, 1));
  EXPECT_THAT(made.tensors.at("d.weight").values, ElementsAre(8, 10, 12, 14, 9, 11, 13, 15));
}

TEST(ImportGraph, AnUnknownOperationIsRefusedWithTheListOfThoseKnown) {
  Json json = graph();
  json["nodes"][2]["op"] = "gelu";
  EXPECT_THAT([&] { imported(json); },
              ThrowsMessage<std::runtime_error>(HasSubstr("is gelu, not input or conv or fully")));
}

TEST(ImportGraph, RefusesWhatItsLayersCannotDo) {
  const auto refused = [](int node, const char* key, const Json& value) {
    Json json = graph();
    json["nodes"][node][key] = value;
    return [json] { imported(json); };
  };
  EXPECT_THAT(refused(4, "kernel", 4),
              ThrowsMessage<std::runtime_error>(HasSubstr("averages 4x4 of 8x8x4, not all")));
  EXPECT_THAT(refused(1, "weight", tensor(60, {2, 3, 1, 1})),
              ThrowsMessage<std::runtime_error>(HasSubstr("beyond the end of weights.f32")));
  EXPECT_THAT(refused(1, "groups", 3),
              ThrowsMessage<std::runtime_error>(HasSubstr("neither 1 nor the number")));
  EXPECT_THAT(refused(1, "weight", tensor(0, {2, 2, 1, 1})),
              ThrowsMessage<std::runtime_error>(HasSubstr("a.conv.weight")));
  EXPECT_THAT(refused(5, "inputs", Json::array({"b"})),
              ThrowsMessage<std::runtime_error>(HasSubstr("fully connected to 8x8x4")));
}

}  // namespace
}  // namespace coco_mcu::exchange
