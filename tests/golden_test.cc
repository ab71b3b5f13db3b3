// The reference network, from its TensorFlow checkpoint to probabilities, gives what the graph it
// was trained in gives: every block that was stored, on every picture that was stored.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "dataset/image.h"
#include "exchange/import_tf.h"
#include "network/zoo/zoo.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"
#include "training/float_network.h"

namespace coco_mcu {
namespace {

std::vector<char> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The values of a NumPy file (format 1.0) of little-endian float32 in C order.
std::vector<float> read_npy(const std::filesystem::path& path) {
  const std::vector<char> bytes = read_bytes(path);
  std::uint16_t header = 0;
  std::memcpy(&header, bytes.data() + 8, sizeof header);
  const std::size_t begin = std::size_t{10} + header;
  std::vector<float> values((bytes.size() - begin) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + begin, values.size() * sizeof(float));
  return values;
}

/// Where a stored tensor stands in our network: by its own name except for these.
std::string our_name(const std::string& stored) {
  static const std::map<std::string, std::string> kNames = {
      {"last_conv2_preact", "last_conv2.conv"},
      {"last_conv3_raw", "last_conv3.conv.before_quantizer"}};
  const auto found = kNames.find(stored);
  return found == kNames.end() ? stored : found->second;
}

/// Stored tensors whose values a fake quantizer leaves on its grid.
bool is_quantized(const std::string& stored) {
  return stored == "last_conv2_preact" || stored == "last_conv2" || stored == "last_conv3";
}

/// The step of a grid: the smallest distance between two different values.
float grid_step(std::vector<float> values) {
  std::ranges::sort(values);
  float step = 0.0F;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const float distance = values[i] - values[i - 1];
    if (distance > 1e-6F && (step == 0.0F || distance < step)) step = distance;
  }
  return step;
}

class Golden : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto trained = testing::shared_material("reference/checkpoint");
    if (!trained) return;
    const auto source = exchange::TfCheckpoint::open(*trained / "graph.ckpt");
    const auto imported = exchange::import_tensorflow(source, network::coco_mcu());
    const testing::TemporaryFolder folder;
    network::write_checkpoint(imported.checkpoint, folder.path() / "checkpoint");
    network_ = training::open_float_network(folder.path() / "checkpoint");
  }
  static void TearDownTestSuite() { network_.reset(); }

  void SetUp() override {
    const auto folder = testing::shared_material("reference/goldens");
    if (!folder || !network_) GTEST_SKIP() << "needs the reference material (COCO_MCU_SHARED)";
    goldens_ = *folder;
    manifest_ = nlohmann::json::parse(std::ifstream(goldens_ / "manifest.json"));
  }

  std::vector<std::uint8_t> input(const std::string& picture) const {
    const std::vector<char> bytes = read_bytes(goldens_ / picture / "input_u8_256x256x3.bin");
    return {bytes.begin(), bytes.end()};
  }

  inline static std::unique_ptr<training::FloatNetwork> network_;
  std::filesystem::path goldens_;
  nlohmann::json manifest_;
};

TEST_F(Golden, ProbabilitiesAreThoseOfTheGraph) {
  for (const auto& [picture, facts] : manifest_.items()) {
    const std::vector<float> probabilities = network_->infer(input(picture));
    ASSERT_EQ(probabilities.size(), 2U);
    EXPECT_NEAR(probabilities[0], facts["probs"][0].get<float>(), 1e-3F) << picture;
    EXPECT_NEAR(probabilities[1], facts["probs"][1].get<float>(), 1e-3F) << picture;
  }
}

TEST_F(Golden, EveryStoredBlockIsThatOfTheGraph) {
  int compared = 0;
  for (const auto& [picture, facts] : manifest_.items()) {
    std::vector<std::string> stored;
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(goldens_ / picture)) {
      if (file.path().extension() != ".npy") continue;
      stored.push_back(file.path().stem());
      names.push_back(our_name(stored.back()));
    }
    const auto outputs = network_->outputs(input(picture), names);
    for (std::size_t i = 0; i < stored.size(); ++i) {
      const std::vector<float> expected = read_npy(goldens_ / picture / (stored[i] + ".npy"));
      const std::vector<float>& computed = outputs[i].values;
      ASSERT_EQ(computed.size(), expected.size()) << picture << " " << stored[i];
      float largest = 0.0F;
      for (const float value : expected) largest = std::max(largest, std::abs(value));
      const float step = grid_step(expected);
      std::size_t off_by_a_step = 0;
      for (std::size_t k = 0; k < expected.size(); ++k) {
        const float difference = std::abs(computed[k] - expected[k]);
        if (difference <= 1e-3F * largest) continue;
        ++off_by_a_step;
        ASSERT_TRUE(is_quantized(stored[i]) && difference <= 1.001F * step)
            << picture << " " << stored[i] << " element " << k << ": " << computed[k]
            << ", the graph gives " << expected[k];
      }
      EXPECT_LE(static_cast<double>(off_by_a_step), 1e-3 * static_cast<double>(expected.size()))
          << picture << " " << stored[i];
      ++compared;
    }
  }
  EXPECT_GE(compared, 40);
}

TEST_F(Golden, InputsAreWholeAsTheirSumsTell) {
  for (const auto& [picture, facts] : manifest_.items()) {
    std::int64_t sum = 0;
    for (const std::uint8_t byte : input(picture)) sum += byte;
    EXPECT_EQ(sum, facts["input_sum"].get<std::int64_t>()) << picture;
  }
}

TEST_F(Golden, DecodingAndResizingGiveTheStoredInputBitForBit) {
  const core::Preprocessing& preprocessing = network_->preprocessing();
  const auto image = dataset::prepare(dataset::read_image("samples/chelsea.png"), preprocessing);
  EXPECT_EQ(image.rgb, input("chelsea_cat"));
}

}  // namespace
}  // namespace coco_mcu
