// detect and run with an integer model.
#include <cmath>
#include <cstdlib>
#include <set>

#include "kernels/kernels.h"
#include "tests/cli/model_cli_test.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using testing::Bytes;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::Outcome;

class DetectModel : public testing::WithModel {
 protected:
  Outcome detect(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"detect", "--model", model()});
    return testing::run_program(arguments);
  }
};

TEST_F(DetectModel, PrintsALinePerPicture) {
  const Outcome outcome = detect({"samples"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(std::ranges::count(outcome.output, '\n'), 5);
  EXPECT_THAT(outcome.output, MatchesRegex("((no )?person +[01]\\.[0-9]+  samples/[a-z.]+\n)+"));
}

TEST_F(DetectModel, ProbabilitiesAreWholeNumbersOf32768ths) {
  const Outcome outcome = detect({"--json", "samples"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const auto objects = testing::json_lines(outcome.output);
  ASSERT_EQ(objects.size(), 5U);
  for (const auto& object : objects) {
    const double units = object["person"].get<double>() * 32768;
    EXPECT_EQ(units, std::floor(units));
    EXPECT_GT(object["milliseconds"].get<double>(), 0.0);
  }
}

TEST_F(DetectModel, EveryBackEndSaysTheSame) {
  const auto said = [&](const std::string& backend) {
    const Outcome outcome = detect({"--backend", backend, "samples"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return outcome.output;
  };
  const std::string expected = said("reference");
  for (const auto* backend = kernels::kBackends; *backend != nullptr; ++backend) {
    if ((*backend)->is_supported()) {
      EXPECT_EQ(said((*backend)->name), expected) << (*backend)->name;
    }
  }
}

/// detect decides on all cores at a time, run on one picture after the other.
TEST_F(DetectModel, SaysOfEachPictureWhatRunSays) {
  const auto decided = testing::json_lines(detect({"--json", "samples"}).output);
  ASSERT_EQ(decided.size(), 5U);
  std::set<std::string> labels;
  for (const auto& object : decided) {
    const std::string picture = object["file"];
    const auto run =
        testing::json_lines(
            testing::run_program({"run", "--model", model(), "--json", picture}).output)
            .at(0);
    EXPECT_EQ(run["output"][1], object["person"]) << picture;
    labels.insert(object["label"]);
  }
  EXPECT_EQ(labels.size(), 2U);
}

/// The decision at the model's own threshold, which is enough when it is just reached.
TEST_F(DetectModel, TheModelsThresholdDecides) {
  const auto objects = testing::json_lines(detect({"--json", "samples/chelsea.png"}).output);
  const double probability = objects.at(0)["person"].get<double>();
  model::IntegerModel changed = made_up_model();
  const auto label_at = [&](int threshold) {
    changed.threshold = threshold;
    write_model("model.cmcu", changed);
    return testing::json_lines(detect({"--json", "samples/chelsea.png"}).output).at(0)["label"];
  };
  const int units = static_cast<int>(probability * 32768);
  EXPECT_EQ(label_at(units), "person");
  EXPECT_EQ(label_at(units + 1), "no person");
}

TEST_F(DetectModel, AnotherThresholdCanBeGiven) {
  EXPECT_THAT(detect({"--threshold", "0", "samples/chelsea.png"}).output,
              ::testing::StartsWith("person"));
  EXPECT_THAT(detect({"--threshold", "1", "samples/chelsea.png"}).output,
              ::testing::StartsWith("no person"));
}

TEST_F(DetectModel, DoesNotLoadTheTrainingLibrary) {
  ASSERT_EQ(setenv("LD_DEBUG", "files", 1), 0);
  const Outcome outcome = detect({"samples/chelsea.png"});
  unsetenv("LD_DEBUG");
  ASSERT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.errors, HasSubstr("libfmt"));  // the loader speaks
  EXPECT_THAT(outcome.errors, Not(HasSubstr("torch")));
  EXPECT_THAT(outcome.errors, Not(HasSubstr("training_plugin")));
}

TEST_F(DetectModel, ExplainsNothing) {
  const Outcome outcome = detect({"--explain", file("why.png"), "samples/chelsea.png"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("--explain: needs gradients"));
  EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1);
  EXPECT_FALSE(fs::exists(file("why.png")));
}

TEST_F(DetectModel, WantsOneNetwork) {
  const auto refusal = [](const std::vector<std::string>& arguments) {
    const Outcome outcome = testing::run_program(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1);
    return outcome.errors;
  };
  EXPECT_THAT(refusal({"detect", "--model", model(), "--checkpoint", "x", "samples"}),
              HasSubstr("more than one network is named"));
  EXPECT_THAT(refusal({"detect", "--checkpoint", "x", "--backend", "reference", "samples"}),
              HasSubstr("--backend: chooses the kernels of an integer model"));
  EXPECT_THAT(refusal({"detect", "--checkpoint", model(), "samples"}),
              HasSubstr("is a file; give a folder, or an integer model with --model"));
  EXPECT_THAT(refusal({"detect", "--model", "samples", "samples"}),
              HasSubstr("is a folder; give a .cmcu file"));
}

TEST_F(DetectModel, RefusesAnUnknownBackEnd) {
  const Outcome outcome = detect({"--backend", "abacus", "samples"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("there is: "));
}

TEST_F(DetectModel, RefusesAModelOfOtherLabels) {
  model::IntegerModel other = made_up_model();
  other.labels = {"cat", "dog"};
  write_model("model.cmcu", other);
  expect_refusal(detect({"samples"}), "decides about \"dog\", not about \"person\"");
}

TEST_F(DetectModel, RefusesBrokenFiles) {
  const fs::path good = model();
  const Bytes bytes = model::serialize(made_up_model());
  fs::resize_file(good, bytes.size() / 2);
  expect_refusal(detect({"samples"}), "model.cmcu: is truncated");
  Bytes flipped = bytes;
  flipped[flipped.size() / 2] ^= 1U;
  testing::write_file(good, flipped);
  expect_refusal(detect({"samples"}), "model.cmcu: is damaged");
  fs::remove(good);
  expect_refusal(detect({"samples"}), "model.cmcu: cannot be read");
}

class RunModel : public testing::WithModel {
 protected:
  Outcome run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"run", "--model", model()});
    return testing::run_program(arguments);
  }

  std::string pixels() const {
    Bytes bytes(24 * 24 * 3);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 37);
    testing::write_file(file("pixels.bin"), bytes);
    return file("pixels.bin");
  }
};

TEST_F(RunModel, PrintsTheProbabilityOfEachLabel) {
  const Outcome outcome = run({"--raw", pixels()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output,
              MatchesRegex("no person [0-9.e-]+  person [0-9.e-]+  [^ ]+pixels.bin\n"));
}

TEST_F(RunModel, PrintsProbabilitiesInJson) {
  const Outcome outcome = run({"--raw", "--json", pixels()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const nlohmann::json object = testing::json_lines(outcome.output).at(0);
  ASSERT_EQ(object["output"].size(), 2U);
  EXPECT_NEAR(object["output"][0].get<double>() + object["output"][1].get<double>(), 1.0, 1e-4);
  EXPECT_FALSE(object.contains("tensors"));
}

TEST_F(RunModel, TakesPicturesToo) {
  const Outcome outcome = run({"--json", "samples/chelsea.png"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
}

TEST_F(RunModel, PrintsTensorsAsCodesAndValues) {
  const model::Operator layer = made_up_model().operators[1];
  const Outcome outcome = run({"--raw", "--json", "--tensor", layer.name, "--tensor",
                               made_up_model().operators.back().name, pixels()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const nlohmann::json object = testing::json_lines(outcome.output).at(0);
  ASSERT_EQ(object["tensors"].size(), 2U);
  const nlohmann::json& tensor = object["tensors"][0];
  EXPECT_EQ(tensor["name"], layer.name);
  EXPECT_EQ(tensor["shape"], nlohmann::json({layer.height, layer.width, layer.channels}));
  ASSERT_EQ(tensor["codes"].size(), model::elements(layer));
  EXPECT_NEAR(tensor["values"][0].get<double>(),
              layer.scale * (tensor["codes"][0].get<int>() - layer.zero_point), 1e-6);
  EXPECT_EQ(object["tensors"][1]["values"], object["output"]);
}

TEST_F(RunModel, TensorsNeedJson) {
  const Outcome outcome = run({"--raw", "--tensor", "input0", pixels()});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("add --json"));
}

TEST_F(RunModel, RefusesAnUnknownTensor) {
  expect_refusal(run({"--raw", "--json", "--tensor", "bneck99", pixels()}),
                 "--tensor bneck99: network random has no such layer");
}

TEST_F(RunModel, RunsModelsOfOtherLabels) {
  model::IntegerModel other = made_up_model();
  other.labels = {"cat", "dog"};
  write_model("model.cmcu", other);
  EXPECT_THAT(run({"--raw", pixels()}).output, ::testing::StartsWith("cat "));
}

TEST_F(RunModel, RefusesRawPixelsOfAnotherSize) {
  testing::write_file(file("short.bin"), Bytes(1000, 0));
  expect_refusal(run({"--raw", file("short.bin")}),
                 "holds only 1000 bytes, the network reads 1728 (24x24x3 RGB bytes)");
}

}  // namespace
}  // namespace coco_mcu
