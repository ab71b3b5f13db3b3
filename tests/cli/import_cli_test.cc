#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/bundle_writer.h"
#include "tests/support/program.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;

/// A folder with a copy of the trained checkpoint, to be broken.
class Import : public ::testing::Test {
 protected:
  void copy_reference() {
    const auto trained = testing::shared_material("reference/checkpoint");
    if (!trained) GTEST_SKIP() << "needs the reference checkpoint (COCO_MCU_SHARED)";
    for (const auto& file : fs::directory_iterator(*trained)) {
      fs::copy_file(file.path(), folder_.path() / file.path().filename());
      fs::permissions(folder_.path() / file.path().filename(), fs::perms::owner_all);
    }
  }

  fs::path index() const { return folder_.path() / "graph.ckpt.index"; }
  fs::path shard() const { return folder_.path() / "graph.ckpt.data-00000-of-00001"; }
  fs::path out() const { return folder_.path() / "imported"; }

  Outcome import() const {
    return testing::run_program({"import", "--tf-checkpoint", folder_.path() / "graph.ckpt",
                                 "--network", "coco_mcu", "--out", out()});
  }

  void flip_bit(const fs::path& file, std::size_t position) const {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(static_cast<std::streamoff>(position));
    const int byte = stream.get();
    stream.seekp(static_cast<std::streamoff>(position));
    stream.put(static_cast<char>(byte ^ 0x10));
  }

  /// That the import fails with one line that holds `text`, and leaves nothing behind.
  void expect_refusal(const std::string& text) const {
    const Outcome outcome = import();
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.errors, HasSubstr(text));
    EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1) << outcome.errors;
    EXPECT_EQ(outcome.output, "");
    EXPECT_FALSE(fs::exists(out()));
    EXPECT_FALSE(fs::exists(out().string() + ".writing"));
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Import, PlacesTheReferenceCheckpoint) {
  copy_reference();
  if (IsSkipped()) return;
  const Outcome outcome = import();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("73 quantizers"), HasSubstr("  Adam/beta_1\n"),
                                    HasSubstr("5 variables have no place")));
  EXPECT_TRUE(fs::exists(out() / "weights.pt"));
  EXPECT_TRUE(fs::exists(out() / "checkpoint.json"));
}

TEST_F(Import, RefusesAMissingCheckpoint) {
  expect_refusal("graph.ckpt.index");
}

TEST_F(Import, RefusesATruncatedIndex) {
  copy_reference();
  if (IsSkipped()) return;
  fs::resize_file(index(), fs::file_size(index()) / 2);
  expect_refusal("graph.ckpt.index: ");
}

TEST_F(Import, RefusesAnIndexWithAFlippedBit) {
  copy_reference();
  if (IsSkipped()) return;
  flip_bit(index(), 1000);
  expect_refusal("graph.ckpt.index: ");
}

TEST_F(Import, RefusesAForeignIndex) {
  copy_reference();
  if (IsSkipped()) return;
  std::ofstream(index()) << std::string(5000, 'x');
  expect_refusal("graph.ckpt.index: ");
}

TEST_F(Import, RefusesAShardWithAWrongChecksum) {
  copy_reference();
  if (IsSkipped()) return;
  flip_bit(shard(), 300'000);
  expect_refusal("LastStage/ConvNormAct_1/Conv1x1/kernel is damaged (wrong checksum)");
}

TEST_F(Import, RefusesATruncatedShard) {
  copy_reference();
  if (IsSkipped()) return;
  fs::resize_file(shard(), 1'000'000);
  expect_refusal("graph.ckpt.data-00000-of-00001");
}

TEST_F(Import, RefusesAMissingShard) {
  copy_reference();
  if (IsSkipped()) return;
  fs::remove(shard());
  expect_refusal("graph.ckpt.data-00000-of-00001: missing");
}

TEST_F(Import, RefusesAShapeThatDoesNotFitTheNetwork) {
  exchange::testing::BundleWriter writer;
  writer.add("first_layer/Conv3x3/kernel", {5, 5, 3, 8}, std::vector<float>(600));
  const auto write = [](const fs::path& file, const exchange::testing::Bytes& bytes) {
    std::ofstream(file, std::ios::binary) << std::string(bytes.begin(), bytes.end());
  };
  write(index(), writer.index());
  write(shard(), writer.shards().at(0).bytes);
  expect_refusal("first_layer");
}

TEST_F(Import, NamesTheNetworksItKnows) {
  const Outcome outcome =
      testing::run_program({"import", "--tf-checkpoint", "x", "--network", "vgg", "--out", out()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("network vgg: not in the zoo"));
}

class ImportPeer : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto peers = testing::shared_material("peers");
    if (!peers) GTEST_SKIP() << "needs the shared models (COCO_MCU_SHARED)";
    peers_ = *peers;
    import(theirs());
  }

  fs::path theirs() const { return peers_ / (std::string(GetParam()) + ".tflite"); }
  fs::path model() const { return folder_.path() / "model.cmcu"; }
  fs::path exported() const { return folder_.path() / "exported.tflite"; }

  void import(const fs::path& file) const {
    const Outcome outcome = testing::run_program({"import", "--tflite", file, "--out", model()});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  }

  /// TensorFlow Lite Micro's own outputs, to the bit.
  void expect_their_outputs() const {
    std::ifstream stored(peers_ / "outputs.json");
    const auto expected = nlohmann::json::parse(stored)[GetParam()];
    ASSERT_FALSE(expected.empty());
    for (const auto& [input, output] : expected.items()) {
      const Outcome run = testing::run_program(
          {"run", "--model", model(), "--raw", "--json", peers_ / "inputs" / GetParam() / input});
      ASSERT_EQ(run.exit_code, 0) << run.errors;
      EXPECT_EQ(nlohmann::json::parse(run.output)["output"], output) << input;
    }
  }

  fs::path peers_;
  testing::TemporaryFolder folder_;
};

TEST_P(ImportPeer, ComputesWhatItsOwnRuntimeDid) {
  expect_their_outputs();
  EXPECT_EQ(testing::run_program({"verify", model()}).exit_code, 0);
}

TEST_P(ImportPeer, GoesOutAndComesBackAsTheSame) {
  const Outcome outcome = testing::run_program({"export", model(), "--tflite", exported()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  import(exported());
  expect_their_outputs();
}

INSTANTIATE_TEST_SUITE_P(Peers, ImportPeer, ::testing::Values("person_detect", "vww_96_int8"));

/// The layers it cannot take over are named; floats are the first.
TEST(ImportTflite, RefusesAFloatModelInOneLine) {
  const auto peers = testing::shared_material("peers");
  if (!peers) GTEST_SKIP() << "needs the shared models (COCO_MCU_SHARED)";
  const testing::TemporaryFolder folder;
  const fs::path model = folder.path() / "model.cmcu";
  const Outcome outcome =
      testing::run_program({"import", "--tflite", *peers / "vww_96_float.tflite", "--out", model});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("is not int8 with one scale"));
  EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1) << outcome.errors;
  EXPECT_FALSE(fs::exists(model));
}

TEST(ImportGraph, MakesACheckpointThatBringsItsNetworkAlong) {
  const auto graph = testing::shared_material("reference/teacher");
  if (!graph) GTEST_SKIP() << "needs the teacher's graph (COCO_MCU_SHARED)";
  const testing::TemporaryFolder folder;
  const fs::path out = folder.path() / "checkpoint";
  const Outcome outcome =
      testing::run_program({"import", "--graph", *graph, "--network", "swiftnet", "--out", out});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output,
              HasSubstr("120 tensors, 216,722 numbers, 141 layers of network swift"));
}

TEST(ImportOptions, ExcludeEachOther) {
  const Outcome outcome =
      testing::run_program({"import", "--graph", "a", "--tflite", "b", "--out", "c"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("give one of --tf-checkpoint, --graph and --tflite"));
}

}  // namespace
}  // namespace coco_mcu
