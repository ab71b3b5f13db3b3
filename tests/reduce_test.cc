// The reference network without what is dead in it decides as the whole one does, on every
// photograph there is.

#include "lowering/reduce.h"

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/image.h"
#include "evaluation/decide.h"
#include "exchange/import_tf.h"
#include "network/zoo/zoo.h"
#include "tests/support/shared_material.h"
#include "training/float_network.h"

namespace coco_mcu {
namespace {

class FloatDecider final : public evaluation::Decider {
 public:
  FloatDecider(const network::Network& network, const network::Checkpoint& checkpoint)
      : network_(training::open_float_network(network, checkpoint)) {}

  const core::Preprocessing& preprocessing() const override { return network_->preprocessing(); }

  std::vector<double> person_probabilities(std::span<const std::uint8_t> pictures) const override {
    const std::vector<float> output = network_->infer(pictures);
    std::vector<double> probabilities;
    for (std::size_t i = 1; i < output.size(); i += 2) probabilities.push_back(output[i]);
    return probabilities;
  }

  std::vector<double> decide(const std::filesystem::path& pictures) const {
    std::vector<double> probabilities;
    evaluation::decide_files(*this, dataset::list_pictures(pictures), {},
                             [&](const evaluation::Decision& decision) {
                               EXPECT_EQ(decision.error, "");
                               probabilities.push_back(decision.person_probability);
                             });
    return probabilities;
  }

 private:
  std::unique_ptr<training::FloatNetwork> network_;
};

class ReferenceNetwork : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto trained = testing::shared_material("reference/checkpoint");
    if (!trained) return;
    const auto source = exchange::TfCheckpoint::open(*trained / "graph.ckpt");
    checkpoint_ = exchange::import_tensorflow(source, network::coco_mcu()).checkpoint;
  }
  static void TearDownTestSuite() { checkpoint_.reset(); }

  void SetUp() override {
    if (!checkpoint_) GTEST_SKIP() << "needs the reference material (COCO_MCU_SHARED)";
  }

  static lowering::ReducedNetwork reduced(const lowering::ReduceOptions& options) {
    const network::Network network = network::coco_mcu();
    return lowering::reduce(
        network, checkpoint_->tensors,
        lowering::trained_quantizers(checkpoint_->quantizers, checkpoint_->tensors),
        checkpoint_->preprocessing, options);
  }

  static FloatDecider decider_of(const lowering::ReducedNetwork& reduced) {
    network::Checkpoint checkpoint = *checkpoint_;
    checkpoint.tensors = reduced.tensors;
    checkpoint.quantizers = reduced.quantizers;
    return FloatDecider(reduced.network, checkpoint);
  }

  static void expect_same(const std::vector<double>& computed,
                          const std::vector<double>& expected) {
    ASSERT_EQ(computed.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(computed[i] > 0.5, expected[i] > 0.5) << "picture " << i;
      EXPECT_NEAR(computed[i], expected[i], 1e-4) << "picture " << i;
    }
  }

  inline static std::optional<network::Checkpoint> checkpoint_;
};

const lowering::ReduceOptions kExact = {.exact_removal = true, .prune_below = 0.0};
const lowering::ReduceOptions kPruned = {.exact_removal = true, .prune_below = 1e-6};

TEST_F(ReferenceNetwork, IsMostlyDead) {
  const auto report = reduced(kPruned).report;
  EXPECT_EQ(report.before.weights, 997'312);
  EXPECT_EQ(report.before.macs, 46'959'296);
  EXPECT_LE(report.after.weights - report.idle_weights, 84'505);
  EXPECT_LE(report.after.weights, 89'339);
  EXPECT_LE(report.after.macs, 30'220'000);
}

TEST_F(ReferenceNetwork, HasNoAttentionLeft) {
  for (const auto& options : {kExact, kPruned}) {
    const auto result = reduced(options);
    EXPECT_FALSE(result.network.find("att_0").has_value());
    EXPECT_FALSE(result.network.find("att_1").has_value());
    int masks = 0;
    for (const lowering::ConstantChannels& constants : result.report.constants) {
      if (!constants.source.starts_with("att_")) continue;
      ++masks;
      EXPECT_EQ(constants.channels, 16);
      EXPECT_LT(constants.widest, 1e-9) << constants.source;
    }
    EXPECT_EQ(masks, 2);
  }
}

TEST_F(ReferenceNetwork, DecidesTheSameWithoutWhatIsDead) {
  const FloatDecider whole(network::coco_mcu(), *checkpoint_);
  const FloatDecider exact = decider_of(reduced(kExact));
  const FloatDecider pruned = decider_of(reduced(kPruned));
  const auto coco_val = testing::shared_material("data/coco_val");
  const auto val = testing::shared_material("data/val");
  if (!coco_val || !val) GTEST_SKIP() << "needs the shared photographs (COCO_MCU_SHARED)";
  for (const auto& pictures : {*coco_val, *val}) {
    const std::vector<double> expected = whole.decide(pictures);
    expect_same(exact.decide(pictures), expected);
    expect_same(pruned.decide(pictures), expected);
  }
}

}  // namespace
}  // namespace coco_mcu
