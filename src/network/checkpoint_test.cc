// The folder of a checkpoint: it returns as it was written, is replaced as a whole or not at all,
// and says what is wrong with it.
#include "network/checkpoint.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/checkpoint_description.h"
#include "network/checkpoint_files.h"
#include "network/tf_contrib_2019.h"
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
  checkpoint.quantizers = {{.node = "a",
                            .tensor = QuantizedTensor::kWeight,
                            .kind = QuantizerKind::kLearnedStep,
                            .format = core::WeightFormat::kTernary2},
                           {.node = "a", .kind = QuantizerKind::kFixedRange},
                           {.node = "b", .kind = QuantizerKind::kLearnedRange},
                           {.node = "c",
                            .tensor = QuantizedTensor::kWeight,
                            .kind = QuantizerKind::kTrackedRange,
                            .bits = 2,
                            .narrow_range = true}};
  checkpoint.provenance = {{"created_by", created_by()}, {"source", "a \"quoted\" name\n"}};
  checkpoint.tensors = {{"a.weight", {{2, 1}, {1.5F, -2.5F}}}, {"a.range.min", {{}, {0.0F}}}};
  return checkpoint;
}

void expect_equal(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.network, b.network);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.quantizers, b.quantizers);
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
  checkpoint.quantizers.clear();
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
                                HasSubstr("\"version\": 2")));
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

constexpr const char* kDescription = R"({"format": "coco-mcu float checkpoint", "version": 2,
  "network": "n", "preprocessing": {"height": 8, "width": 8, "resize": "bilinear",
  "mean": [0, 0.5, 1], "deviation": [1, 1, 1]}, "labels": ["a"], "quantizers": [
  {"node": "a", "tensor": "weight", "kind": "learned-step", "format": "w4"},
  {"node": "b", "tensor": "output", "kind": "tracked-range", "bits": 8, "narrow_range": false}],
  "provenance": {}})";

/// What is wrong with kDescription once `from` in it is `to`.
std::string complaint_with(std::string_view from, std::string_view to) {
  std::string text = kDescription;
  text.replace(text.find(from), from.size(), to);
  return complaint([&] { parse_checkpoint(text, write_torch_archive({}), "c"); });
}

TEST(CheckpointDescription, NamesTheKeyThatIsWrong) {
  EXPECT_EQ(complaint_with("w4", "w2"), "");
  EXPECT_THAT(complaint_with("{\"format", "format"), HasSubstr("c/checkpoint.json: is not JSON"));
  EXPECT_THAT(complaint_with("coco-mcu float", "other"), HasSubstr("format is not \"coco-mcu"));
  EXPECT_THAT(complaint_with("\"version\": 2", "\"version\": 3"),
              HasSubstr("version is not an integer from 1 to 2"));
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

TEST(CheckpointDescription, NamesTheQuantizerThatIsWrong) {
  EXPECT_THAT(complaint_with("\"quantizers\": [", "\"quantizers\": 1, \"x\": ["),
              HasSubstr("c/checkpoint.json: quantizers is not a list"));
  EXPECT_THAT(complaint_with("learned-step", "learnt"),
              HasSubstr("quantizers[0].kind is learnt, not learned-step or learned-range or"));
  EXPECT_THAT(complaint_with("weight", "kernel"),
              HasSubstr("quantizers[0].tensor is kernel, not weight or output"));
  EXPECT_THAT(complaint_with("learned-step", "fixed-range"),
              HasSubstr("quantizers[0].kind does not go with its tensor"));
  EXPECT_THAT(complaint_with("tracked-range", "learned-step"),
              HasSubstr("quantizers[1].kind does not go with its tensor"));
  EXPECT_THAT(complaint_with("w4", "w3"),
              HasSubstr("quantizers[0].format is w3, not w2-ternary or w2 or w4 or w8"));
  EXPECT_THAT(complaint_with("\"bits\": 8", "\"bits\": 9"),
              HasSubstr("quantizers[1].bits is not an integer from 2 to 8"));
  EXPECT_THAT(complaint_with("false", "0"), HasSubstr("narrow_range is neither true nor false"));
  EXPECT_THAT(complaint_with("\"b\", \"tensor\": \"output\"", "\"a\", \"tensor\": \"weight\""),
              HasSubstr("quantizers[1].node is a, which has such a quantizer already"));
}

/// A description of version 1, which names its placement.
std::string version_1(const std::string& network, const std::string& quantization) {
  return R"({"format": "coco-mcu float checkpoint", "version": 1, "network": ")" + network +
         R"(", "preprocessing": {"height": 8, "width": 8, "resize": "bilinear",
    "mean": [0, 0, 0], "deviation": [1, 1, 1]}, "labels": ["a"], "provenance": {},
    "quantization": ")" +
         quantization + "\"}";
}

TEST(CheckpointDescription, ReadsThePlacementsThatVersion1Named) {
  const auto quantizers = [](const std::string& network, const std::string& quantization) {
    return parse_description(version_1(network, quantization), "f").quantizers;
  };
  EXPECT_EQ(quantizers("coco_mcu", "none"), Quantizers{});
  EXPECT_EQ(quantizers("coco_mcu", "tf-contrib-2019"), tf_contrib_2019(coco_mcu()));
  EXPECT_THAT(complaint([&] { quantizers("coco_mcu", "int3"); }),
              HasSubstr("f: quantization is int3, which is not known"));
  EXPECT_THAT(complaint([&] { quantizers("elsewhere", "tf-contrib-2019"); }),
              HasSubstr("f: quantization is tf-contrib-2019, which is not known"));
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

TEST(CheckFits, LooksForWhatQuantizersKeep) {
  const Network network = zoo_entry("coco_mcu").build();
  Checkpoint checkpoint = zeros_for(network);
  const auto complaint_about = [&](const Quantizer& quantizer) {
    checkpoint.quantizers = {quantizer};
    return complaint([&] { check_fits(checkpoint, network); });
  };
  const Quantizer steps = {.node = "bneck4.expand.conv",
                           .tensor = QuantizedTensor::kWeight,
                           .kind = QuantizerKind::kLearnedStep};
  EXPECT_THAT(complaint_about(steps),
              HasSubstr("lacks tensor bneck4.expand.conv.weight_quantizer.step [256]"));
  checkpoint.tensors["bneck4.expand.conv.weight_quantizer.step"] = {{1}, {1.0F}};
  EXPECT_THAT(complaint_about(steps), HasSubstr("weight_quantizer.step is [1], network coco_mcu "
                                                "needs [256]"));
  checkpoint.tensors["bneck4.expand.conv.weight_quantizer.step"] = {{256},
                                                                    std::vector<float>(256, 1.0F)};
  EXPECT_EQ(complaint_about(steps), "");

  EXPECT_THAT(complaint_about({.node = "first_layer.activation"}),
              HasSubstr("lacks tensor first_layer.activation.output_quantizer.min []"));
  EXPECT_THAT(complaint_about({.node = "bneck9"}),
              HasSubstr("quantizes bneck9, a node that network coco_mcu has not; take a"));
  EXPECT_THAT(complaint_about({.node = "first_layer.activation",
                               .tensor = QuantizedTensor::kWeight,
                               .kind = QuantizerKind::kLearnedStep}),
              HasSubstr("quantizes the weights of first_layer.activation, a node of network "
                        "coco_mcu without any"));
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
