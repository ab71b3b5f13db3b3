// The folder of a checkpoint: it returns as it was written, is replaced as a whole or not at all,
// and says what is wrong with it.
#include "network/checkpoint.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/checkpoint_files.h"
#include "network/torch_archive.h"
#include "network/zoo/zoo.h"
#include "tests/support/complaint.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::network {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::complaint;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

/// A folder of its own for each test, gone afterwards.
class CheckpointTest : public ::testing::Test {
 protected:
  std::vector<std::string> names_in_root() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(root_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  coco_mcu::testing::TemporaryFolder temporary_;
  const fs::path root_ = temporary_.path();
};

Checkpoint small_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.network = "coco_mcu";
  checkpoint.preprocessing = {
      256, 192, core::Resize::kLegacyBilinear, {0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  checkpoint.labels = {"no person", "person"};
  checkpoint.quantization = "tf-contrib-2019";
  checkpoint.provenance = {{"created_by", created_by()}, {"source", "a \"quoted\" name\n"}};
  checkpoint.tensors = {{"a.weight", {{2, 1}, {1.5F, -2.5F}}}, {"a.range.min", {{}, {0.0F}}}};
  return checkpoint;
}

void expect_equal(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.network, b.network);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.quantization, b.quantization);
  EXPECT_EQ(a.provenance, b.provenance);
  EXPECT_EQ(a.tensors, b.tensors);
  EXPECT_EQ(a.preprocessing.height, b.preprocessing.height);
  EXPECT_EQ(a.preprocessing.width, b.preprocessing.width);
  EXPECT_EQ(a.preprocessing.resize, b.preprocessing.resize);
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(a.preprocessing.mean[c], b.preprocessing.mean[c]);
    EXPECT_EQ(a.preprocessing.deviation[c], b.preprocessing.deviation[c]);
  }
}

TEST_F(CheckpointTest, ReturnsAsWritten) {
  Checkpoint checkpoint = small_checkpoint();
  write_checkpoint(checkpoint, root_ / "new" / "trained");
  expect_equal(read_checkpoint(root_ / "new" / "trained"), checkpoint);

  checkpoint.preprocessing.resize = core::Resize::kBilinear;
  checkpoint.preprocessing.mean[0] = 1.0F / 3.0F;
  checkpoint.quantization = "none";
  write_checkpoint(checkpoint, root_ / "new" / "trained" / "");  // replaces it
  expect_equal(read_checkpoint(root_ / "new" / "trained"), checkpoint);
}

TEST_F(CheckpointTest, IsAFolderOfTwoFilesAndNothingElse) {
  write_checkpoint(small_checkpoint(), root_ / "trained");
  write_checkpoint(small_checkpoint(), root_ / "trained");
  EXPECT_THAT(names_in_root(), UnorderedElementsAre("trained"));
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(root_ / "trained")) {
    files.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(files, UnorderedElementsAre("checkpoint.json", "weights.pt"));
}

TEST_F(CheckpointTest, DescribesItselfReadably) {
  write_checkpoint(small_checkpoint(), root_ / "trained");
  std::stringstream text;
  text << std::ifstream(root_ / "trained" / "checkpoint.json").rdbuf();
  EXPECT_THAT(text.str(), AllOf(HasSubstr("\"resize\": \"legacy_bilinear\""), HasSubstr("0.485,"),
                                HasSubstr("\"version\": 1")));
}

TEST_F(CheckpointTest, KeepsTheOldOneWhenTheNewOneFails) {
  Checkpoint checkpoint = small_checkpoint();
  write_checkpoint(checkpoint, root_ / "trained");
  checkpoint.tensors["broken"] = {{7}, {1.0F}};
  EXPECT_THAT(complaint([&] { write_checkpoint(checkpoint, root_ / "trained"); }),
              HasSubstr("tensor broken"));
  checkpoint = small_checkpoint();
  checkpoint.labels[0] = "not UTF-8: \xff";
  EXPECT_THAT(complaint([&] { write_checkpoint(checkpoint, root_ / "trained"); }),
              HasSubstr("UTF-8"));
  expect_equal(read_checkpoint(root_ / "trained"), small_checkpoint());
  EXPECT_THAT(names_in_root(), UnorderedElementsAre("trained"));
}

TEST_F(CheckpointTest, ClearsAwayAnInterruptedWrite) {
  fs::create_directories(root_ / "trained.writing");
  std::ofstream(root_ / "trained.writing" / "weights.pt") << "half";
  write_checkpoint(small_checkpoint(), root_ / "trained");
  EXPECT_THAT(names_in_root(), UnorderedElementsAre("trained"));
}

TEST_F(CheckpointTest, NeverDeletesOtherFiles) {
  fs::create_directories(root_ / "thesis");
  std::ofstream(root_ / "thesis" / "chapter1.txt") << "years of work";
  EXPECT_THAT(complaint([&] { write_checkpoint(small_checkpoint(), root_ / "thesis"); }),
              HasSubstr("holds chapter1.txt, which replacing the folder would delete"));
  EXPECT_TRUE(fs::exists(root_ / "thesis" / "chapter1.txt"));
  std::ofstream(root_ / "file") << "a file";
  EXPECT_THAT(complaint([&] { write_checkpoint(small_checkpoint(), root_ / "file"); }),
              HasSubstr("is a file"));
  EXPECT_THAT(complaint([&] { write_checkpoint(small_checkpoint(), root_ / "file" / "below"); }),
              HasSubstr("cannot be written"));
}

TEST_F(CheckpointTest, SaysWhatIsMissing) {
  EXPECT_THAT(complaint([&] { read_checkpoint(root_ / "nowhere"); }),
              HasSubstr("nowhere: no checkpoint there"));
  write_checkpoint(small_checkpoint(), root_ / "trained");
  fs::remove(root_ / "trained" / "weights.pt");
  EXPECT_THAT(complaint([&] { read_checkpoint(root_ / "trained"); }),
              HasSubstr("weights.pt: cannot be opened"));
  EXPECT_THAT(complaint([&] { read_file(root_); }), HasSubstr("is a folder"));
}

constexpr const char* kDescription = R"({"format": "coco-mcu float checkpoint", "version": 1,
  "network": "n", "preprocessing": {"height": 8, "width": 8, "resize": "bilinear",
  "mean": [0, 0.5, 1], "deviation": [1, 1, 1]}, "labels": ["a"], "quantization": "none",
  "provenance": {}})";

/// What is wrong with kDescription once `from` in it is `to`.
std::string complaint_with(std::string_view from, std::string_view to) {
  std::string text = kDescription;
  text.replace(text.find(from), from.size(), to);
  return complaint([&] { parse_checkpoint(text, write_torch_archive({}), "c"); });
}

TEST(CheckpointDescription, NamesTheKeyThatIsWrong) {
  EXPECT_EQ(complaint_with("none", "none"), "");
  EXPECT_THAT(complaint_with("{\"format", "format"), HasSubstr("c/checkpoint.json: is not JSON"));
  EXPECT_THAT(complaint_with("coco-mcu float", "other"), HasSubstr("format is not \"coco-mcu"));
  EXPECT_THAT(complaint_with("\"version\": 1", "\"version\": 2"),
              HasSubstr("version is not 1, the one this program reads"));
  EXPECT_THAT(complaint_with("\"network\"", "\"net\""), HasSubstr("network is missing"));
  EXPECT_THAT(complaint_with("\"n\"", "7"), HasSubstr("network is not a string"));
  EXPECT_THAT(complaint_with("\"height\": 8", "\"height\": 0"),
              HasSubstr("preprocessing.height is not an integer from 1"));
  EXPECT_THAT(complaint_with("\"width\": 8", "\"width\": 8.5"), HasSubstr("preprocessing.width"));
  EXPECT_THAT(complaint_with("\"bilinear\"", "\"cubic\""),
              HasSubstr("preprocessing.resize is cubic, not legacy_bilinear or bilinear"));
  EXPECT_THAT(complaint_with("[0, 0.5, 1]", "[0, 1]"), HasSubstr("preprocessing.mean is not"));
  EXPECT_THAT(complaint_with("[0, 0.5, 1]", "[0, 1, 1e300]"), HasSubstr("out of all range"));
  EXPECT_THAT(complaint_with("[1, 1, 1]", "[1, 0, 1]"), HasSubstr("deviation is not positive"));
  EXPECT_THAT(complaint_with("[\"a\"]", "\"a\""), HasSubstr("labels is not a list"));
  EXPECT_THAT(complaint_with("{}", "{\"x\": 1}"), HasSubstr("provenance.x is not a string"));
  EXPECT_THAT(complaint([] { parse_checkpoint("[]", {}, "c"); }), HasSubstr("not an object"));
}

Checkpoint zeros_for(const Network& network) {
  Checkpoint checkpoint;
  checkpoint.network = network.name;
  checkpoint.preprocessing.height = network.input().output.height;
  checkpoint.preprocessing.width = network.input().output.width;
  checkpoint.labels = network.labels;
  for (const Parameter& parameter : parameters(network)) {
    const auto elements = static_cast<std::size_t>(*element_count(parameter.shape));
    checkpoint.tensors[parameter.name] = {parameter.shape, std::vector<float>(elements)};
  }
  return checkpoint;
}

TEST(CheckFits, NamesTheTensorBothShapesAndTheRemedy) {
  const Network network = zoo_entry("coco_mcu").build();
  Checkpoint checkpoint = zeros_for(network);
  EXPECT_EQ(complaint([&] { check_fits(checkpoint, network); }), "");

  checkpoint.tensors["bneck4.expand.conv.weight"].shape = {256, 33, 1, 1};
  EXPECT_THAT(complaint([&] { check_fits(checkpoint, network); }),
              HasSubstr("tensor bneck4.expand.conv.weight is [256, 33, 1, 1], network coco_mcu "
                        "needs [256, 32, 1, 1]; take a checkpoint of coco_mcu"));
  checkpoint.tensors.erase("bneck4.expand.conv.weight");
  EXPECT_THAT(complaint([&] { check_fits(checkpoint, network); }),
              HasSubstr("lacks tensor bneck4.expand.conv.weight [256, 32, 1, 1]"));
  checkpoint.network = "other";
  EXPECT_THAT(complaint([&] { check_fits(checkpoint, network); }),
              HasSubstr("holds network other, not coco_mcu"));
}

TEST(CheckFits, ComparesInputSizeAndLabels) {
  const Network network = zoo_entry("coco_mcu").build();
  Checkpoint checkpoint = zeros_for(network);
  checkpoint.labels = {"cat", "dog"};
  EXPECT_THAT(complaint([&] { check_fits(checkpoint, network); }), HasSubstr("has other labels"));
  checkpoint.preprocessing.width = 128;
  EXPECT_THAT(complaint([&] { check_fits(checkpoint, network); }),
              HasSubstr("resizes pictures to 256x128 (height x width), network coco_mcu reads "
                        "256x256x3"));
}

TEST(ElementCount, RefusesWhatCannotBe) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count(std::vector<std::int64_t>{2, 3}), 6);
  EXPECT_EQ(element_count(std::vector<std::int64_t>{0, std::int64_t{1} << 40}), 0);
  EXPECT_EQ(element_count(std::vector<std::int64_t>{-1}), std::nullopt);
  EXPECT_EQ(element_count(std::vector<std::int64_t>{std::int64_t{1} << 62, 4}), std::nullopt);
}

}  // namespace
}  // namespace coco_mcu::network
