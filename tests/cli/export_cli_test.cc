// What coco-mcu export writes, run by ONNX Runtime and LiteRT (make node-packages installs them).
#include <algorithm>
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
#include "tests/support/command_output.h"
#include "tests/support/shared_material.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using testing::Outcome;

constexpr double kMeanDifference = 0.04;
constexpr double kLargestDifference = 0.25;

std::vector<fs::path> photographs(std::size_t shared_pictures) {
  std::vector<fs::path> pictures = dataset::list_pictures("samples");
  if (const auto shared = testing::shared_material("data/coco_val")) {
    std::vector<fs::path> more = dataset::list_pictures(*shared);
    more.resize(std::min(more.size(), shared_pictures));
    pictures.insert(pictures.end(), more.begin(), more.end());
  }
  return pictures;
}

/// A runtime in Node and what is written for it.
struct Runtime {
  const char* package;
  const char* script;
  std::vector<std::string> export_options;  // before the file's name
  std::size_t shared_pictures;              // as many as take a few seconds
};

const Runtime kOnnxRuntime = {"bench/onnx_runtime/node_modules/onnxruntime-node",
                              "bench/onnx_runtime/decide.mjs",
                              {"--onnx"},
                              60};
const Runtime kLiteRt = {"bench/litert/node_modules/@litertjs/core",
                         "--no-experimental-fetch bench/litert/decide.mjs",
                         {"--float-interface", "--tflite"},
                         20};

/// Of two lists of probabilities for the same pictures.
struct Agreement {
  std::size_t pictures = 0;
  std::size_t agreeing = 0;  // decisions
  double mean_difference = 0.0;
  double largest_difference = 0.0;
};

Agreement agreement_of(const std::vector<json>& theirs, const std::vector<json>& ours) {
  Agreement result;
  result.pictures = ours.size();
  for (std::size_t i = 0; i < ours.size() && i < theirs.size(); ++i) {
    const double their_person = theirs[i]["output"].back();
    const double our_person = ours[i]["output"].back();
    const double difference = std::abs(their_person - our_person);
    result.mean_difference += difference / static_cast<double>(ours.size());
    result.largest_difference = std::max(result.largest_difference, difference);
    if ((their_person >= 0.5) == (our_person >= 0.5)) ++result.agreeing;
  }
  return result;
}

class ExportedModel : public ::testing::TestWithParam<const char*> {
 protected:
  std::string model() const { return fmt::format("models/{}.cmcu", GetParam()); }
  fs::path file(const std::string& name) const { return folder_.path() / name; }

  /// Each photograph at the model's input size, as files of RGB bytes.
  std::vector<std::string> write_pixels(const core::Preprocessing& preprocessing,
                                        std::size_t shared_pictures) const {
    std::vector<std::string> files;
    for (const fs::path& picture : photographs(shared_pictures)) {
      files.push_back(file(fmt::format("{}.bin", files.size())));
      testing::write_file(files.back(),
                          dataset::prepare(dataset::read_image(picture), preprocessing).rgb);
    }
    return files;
  }

  std::vector<json> by(const Runtime& runtime, const core::Preprocessing& preprocessing,
                       const std::vector<std::string>& pixels) const {
    std::vector<std::string> arguments = {"export", model()};
    arguments.insert(arguments.end(), runtime.export_options.begin(), runtime.export_options.end());
    arguments.push_back(file("exported"));
    const Outcome exported = testing::run_program(arguments);
    EXPECT_EQ(exported.exit_code, 0) << exported.errors;
    std::ofstream(file("preprocessing.json"))
        << json{{"mean", preprocessing.mean}, {"deviation", preprocessing.deviation}};
    std::string command = fmt::format("node {} {} {}", runtime.script, file("exported").string(),
                                      file("preprocessing.json").string());
    for (const std::string& each : pixels) command += " " + each;
    return testing::json_lines(testing::output_of(command + " 2> " + file("log").string()));
  }

  std::vector<json> by_our_engine(const std::string& of,
                                  const std::vector<std::string>& inputs) const {
    std::vector<std::string> arguments = {"run", "--model", of, "--raw", "--json"};
    arguments.insert(arguments.end(), inputs.begin(), inputs.end());
    return testing::json_lines(testing::run_program(arguments).output);
  }

  /// Both compute the same 8-bit codes but for rounding. A code that differs by one is read by all
  /// layers behind, so single probabilities move, and decisions that are no clear ones with them.
  void expect_same_decisions(const Runtime& runtime) const {
    if (!fs::exists(runtime.package)) {
      GTEST_SKIP() << "needs " << runtime.package << " (make node-packages)";
    }
    const core::Preprocessing preprocessing = model::read_model(model()).view().preprocessing();
    const std::vector<std::string> pixels = write_pixels(preprocessing, runtime.shared_pictures);
    const std::vector<json> theirs = by(runtime, preprocessing, pixels);
    ASSERT_EQ(theirs.size(), pixels.size());
    expect_near(agreement_of(theirs, by_our_engine(model(), pixels)));
  }

  static void expect_near(const Agreement& found) {
    std::printf("%s: %zu of %zu decisions agree; probabilities differ by %.4f, at most by %.4f\n",
                GetParam(), found.agreeing, found.pictures, found.mean_difference,
                found.largest_difference);
    EXPECT_LE(found.mean_difference, kMeanDifference);
    EXPECT_LE(found.largest_difference, kLargestDifference);
    EXPECT_GE(found.agreeing + 2, found.pictures * 9 / 10);
  }

  testing::TemporaryFolder folder_;
};

/// ONNX Runtime rounds halves to even, and biases are rounded to units of a product.
TEST_P(ExportedModel, DecidesInOnnxRuntimeAsInOurEngine) {
  expect_same_decisions(kOnnxRuntime);
}

/// LiteRT multiplies by scales in float, adds in fixed point, and gives probabilities in steps of
/// 1/256.
TEST_P(ExportedModel, DecidesInLiteRtAsInOurEngine) {
  expect_same_decisions(kLiteRt);
}

/// Our own importer reads what was written, pixels included: another independent way through
/// TensorFlow Lite's arithmetic, to the bit.
TEST_P(ExportedModel, ComesBackFromTensorflowLite) {
  const core::Preprocessing preprocessing = model::read_model(model()).view().preprocessing();
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"export", model(), "--tflite", file("model.tflite")},
        {"import", "--tflite", file("model.tflite"), "--out", file("back.cmcu")}}) {
    const Outcome outcome = testing::run_program(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  }
  EXPECT_EQ(model::read_model(file("back.cmcu")).view().preprocessing(), preprocessing);
  const std::vector<std::string> pixels = write_pixels(preprocessing, kLiteRt.shared_pictures);
  expect_near(
      agreement_of(by_our_engine(file("back.cmcu"), pixels), by_our_engine(model(), pixels)));
}

INSTANTIATE_TEST_SUITE_P(Shipped, ExportedModel, ::testing::Values("person", "coco_mcu-2bit"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

using ExportOptions = testing::WithModel;

TEST_F(ExportOptions, NameOneFormat) {
  for (const std::vector<std::string>& formats :
       {std::vector<std::string>{}, {"--onnx", "a.onnx", "--tflite", "a.tflite"}}) {
    std::vector<std::string> arguments = {"export", model()};
    arguments.insert(arguments.end(), formats.begin(), formats.end());
    const Outcome outcome = testing::run_program(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.errors, HasSubstr("give one of --onnx and --tflite"));
  }
}

TEST_F(ExportOptions, ACheckpointHasNoIntegersForTensorflowLite) {
  const Outcome outcome =
      testing::run_program({"export", "--checkpoint", "checkpoint", "--tflite", "a.tflite"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("--tflite: needs MODEL"));
}

TEST_F(ExportOptions, ExcludeEachOther) {
  const Outcome outcome = testing::run_program(
      {"export", model(), "--checkpoint", "checkpoint", "--onnx", file("model.onnx")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("give one of MODEL and --checkpoint"));
}

/// The random model's scales have nothing to do with its multipliers: no other format can have it.
TEST_F(ExportOptions, RefuseLayersThatScalesDoNotDescribe) {
  for (const char* format : {"--onnx", "--tflite"}) {
    const Outcome outcome = testing::run_program({"export", model(), format, file("exported")});
    testing::expect_refusal(outcome, "does not follow from its scales");
    EXPECT_FALSE(fs::exists(file("exported")));
  }
}

}  // namespace
}  // namespace coco_mcu
