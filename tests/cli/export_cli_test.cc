// What coco-mcu export writes, run by ONNX Runtime (make node-packages installs it).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/image.h"
#include "model/model_file.h"
#include "tests/cli/model_cli_test.h"
#include "tests/support/shared_material.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using testing::Outcome;

constexpr std::size_t kSharedPictures = 60;
constexpr double kMeanDifference = 0.04;
constexpr double kLargestDifference = 0.25;

/// The output of a shell command; it fails the running test where the command does.
std::string output_of(const std::string& command) {
  std::string output;
  std::array<char, 4096> part = {};
  // NOLINTNEXTLINE(cert-env33-c): the command line is made of this test's own file names
  FILE* const pipe = popen(command.c_str(), "r");
  while (pipe != nullptr && std::fgets(part.data(), part.size(), pipe) != nullptr) {
    output += part.data();
  }
  EXPECT_TRUE(pipe != nullptr && pclose(pipe) == 0) << command;
  return output;
}

std::vector<fs::path> photographs() {
  std::vector<fs::path> pictures = dataset::list_pictures("samples");
  if (const auto shared = testing::shared_material("data/coco_val")) {
    std::vector<fs::path> more = dataset::list_pictures(*shared);
    more.resize(std::min(more.size(), kSharedPictures));
    pictures.insert(pictures.end(), more.begin(), more.end());
  }
  return pictures;
}

class ExportedModel : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!fs::exists("bench/onnx_runtime/node_modules/onnxruntime-node")) {
      GTEST_SKIP() << "needs ONNX Runtime (make node-packages)";
    }
  }

  fs::path file(const std::string& name) const { return folder_.path() / name; }

  /// Each photograph at the model's input size, as files of RGB bytes.
  std::vector<std::string> write_pixels(const core::Preprocessing& preprocessing) const {
    std::vector<std::string> files;
    for (const fs::path& picture : photographs()) {
      files.push_back(file(fmt::format("{}.bin", files.size())));
      testing::write_file(files.back(),
                          dataset::prepare(dataset::read_image(picture), preprocessing).rgb);
    }
    return files;
  }

  std::vector<json> by_onnx_runtime(const fs::path& onnx, const core::Preprocessing& preprocessing,
                                    const std::vector<std::string>& pixels) const {
    std::ofstream(file("preprocessing.json"))
        << json{{"mean", preprocessing.mean}, {"deviation", preprocessing.deviation}};
    std::string command = fmt::format("node bench/onnx_runtime/decide.mjs {} {}", onnx.string(),
                                      file("preprocessing.json").string());
    for (const std::string& each : pixels) command += " " + each;
    return testing::json_lines(output_of(command));
  }

  std::vector<json> by_our_engine(const std::string& model,
                                  const std::vector<std::string>& pixels) const {
    std::vector<std::string> arguments = {"run", "--model", model, "--raw", "--json"};
    arguments.insert(arguments.end(), pixels.begin(), pixels.end());
    return testing::json_lines(testing::run_program(arguments).output);
  }

  testing::TemporaryFolder folder_;
};

/// Both compute the same 8-bit codes but for rounding: ONNX Runtime rounds halves to even, and
/// biases are rounded to units of a product. A code that differs by one is read by all layers
/// behind, so single probabilities move, and decisions that are no clear ones with them.
TEST_P(ExportedModel, DecidesInOnnxRuntimeAsInOurEngine) {
  const std::string model = fmt::format("models/{}.cmcu", GetParam());
  const fs::path onnx = file("model.onnx");
  const Outcome exported = testing::run_program({"export", model, "--onnx", onnx});
  ASSERT_EQ(exported.exit_code, 0) << exported.errors;
  const core::Preprocessing preprocessing = model::read_model(model).view().preprocessing();
  const std::vector<std::string> pixels = write_pixels(preprocessing);
  const std::vector<json> theirs = by_onnx_runtime(onnx, preprocessing, pixels);
  const std::vector<json> ours = by_our_engine(model, pixels);
  ASSERT_EQ(theirs.size(), pixels.size());
  ASSERT_EQ(ours.size(), pixels.size());
  double sum = 0.0;
  double largest = 0.0;
  std::size_t agreeing = 0;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const double their_person = theirs[i]["output"].back();
    const double our_person = ours[i]["output"].back();
    sum += std::abs(their_person - our_person);
    largest = std::max(largest, std::abs(their_person - our_person));
    if ((their_person >= 0.5) == (our_person >= 0.5)) ++agreeing;
  }
  const double mean = sum / static_cast<double>(pixels.size());
  std::printf("%s: %zu of %zu decisions agree; probabilities differ by %.4f, at most by %.4f\n",
              GetParam(), agreeing, pixels.size(), mean, largest);
  EXPECT_LE(mean, kMeanDifference);
  EXPECT_LE(largest, kLargestDifference);
  EXPECT_GE(agreeing + 2, pixels.size() * 9 / 10);
}

INSTANTIATE_TEST_SUITE_P(Shipped, ExportedModel, ::testing::Values("person", "coco_mcu-2bit"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

using ExportOptions = testing::WithModel;

TEST_F(ExportOptions, ExcludeEachOther) {
  const Outcome outcome = testing::run_program(
      {"export", model(), "--checkpoint", "checkpoint", "--onnx", file("model.onnx")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("give one of MODEL and --checkpoint"));
}

/// The random model's scales have nothing to do with its multipliers: no other format can have it.
TEST_F(ExportOptions, RefuseLayersThatScalesDoNotDescribe) {
  const Outcome outcome = testing::run_program({"export", model(), "--onnx", file("model.onnx")});
  testing::expect_refusal(outcome, "does not follow from its scales");
  EXPECT_FALSE(fs::exists(file("model.onnx")));
}

}  // namespace
}  // namespace coco_mcu
