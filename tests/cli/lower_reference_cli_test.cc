// The trained network of 2019 from its checkpoint to integer models: what must stay true of them.

#include <fstream>
#include <iterator>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/verify.h"
#include "tests/support/program.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;

class LowerReference : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto trained = testing::shared_material("reference/checkpoint/graph.ckpt.index");
    const auto data = testing::shared_material("data");
    if (!trained || !data) GTEST_SKIP() << "needs the shared material (COCO_MCU_SHARED)";
    data_ = *data;
    run({"import", "--tf-checkpoint", std::filesystem::path(*trained).replace_extension(),
         "--network", "coco_mcu", "--out", checkpoint()});
  }

  Outcome run(const std::vector<std::string>& arguments) const {
    Outcome outcome = testing::run_program(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return outcome;
  }

  /// Lowers with exact removal and weights under 1e-6 pruned; what the program prints.
  std::string lower(const std::string& policy) const {
    return run({"lower", "--checkpoint", checkpoint(), "--calibrate",
                data_ / "annotations/instances_train.json", "--images", data_ / "train", "--policy",
                policy, "--prune-below", "1e-6", "--out", model()})
        .output;
  }

  nlohmann::json inspect() const {
    return testing::json_lines(run({"inspect", "--json", model()}).output).at(0);
  }

  /// Decisions of the model and the float checkpoint on coco_val's 216 pictures.
  nlohmann::json compare() const {
    const Outcome outcome =
        run({"compare", "--json", "--checkpoint", checkpoint(), "--model", model(), "--annotations",
             data_ / "annotations/instances_coco_val.json", "--images", data_ / "coco_val"});
    return testing::json_lines(outcome.output).at(0);
  }

  std::string checkpoint() const { return folder_.path() / "checkpoint"; }
  std::string model() const { return folder_.path() / "lowered.cmcu"; }

 private:
  testing::TemporaryFolder folder_;
  std::filesystem::path data_;
};

TEST_F(LowerReference, AtEightBitsDecidesAsTheFloatNetwork) {
  const std::string printed = lower("w8");
  EXPECT_THAT(printed, HasSubstr("att_0: nothing reads it any more"));
  EXPECT_THAT(printed, HasSubstr("att_1: nothing reads it any more"));
  const nlohmann::json inspected = inspect();
  int weights = 0;
  for (const auto& layer : inspected["layers"]) weights += layer["weights"].get<int>();
  EXPECT_LE(weights, 84505);
  EXPECT_LE(inspected["macs"], 30220000);
  EXPECT_LE(inspected["file_bytes"], 100000);
  const nlohmann::json compared = compare();
  EXPECT_GE(compared["agreement"], 0.94);
  EXPECT_GE(compared["model_right"], compared["checkpoint_right"].get<int>() - 4);
  run({"verify", model()});
}

TEST_F(LowerReference, MixedBitsLoseLittle) {
  lower("mixed");
  EXPECT_LE(inspect()["file_bytes"], 70000);
  const nlohmann::json compared = compare();
  EXPECT_GE(compared["model_right"], compared["checkpoint_right"].get<int>() - 6);
}

TEST_F(LowerReference, DamagedCopiesAreRefused) {
  lower("mixed");
  std::ifstream stream(model(), std::ios::binary);
  std::vector<std::uint8_t> bytes(std::istreambuf_iterator<char>(stream), {});
  ASSERT_FALSE(model::verify(bytes.data(), bytes.size()));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_TRUE(model::verify(bytes.data(), size)) << "cut to " << size;
  }
  std::mt19937 random(1);
  for (int flip = 0; flip < 10000; ++flip) {
    const std::size_t bit = random() % (8 * bytes.size());
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    ASSERT_TRUE(model::verify(bytes.data(), bytes.size())) << "bit " << bit;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
}

}  // namespace
}  // namespace coco_mcu
