#include <random>

#include "tests/cli/model_cli_test.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;

class Inspect : public testing::WithModel {
 protected:
  static Outcome inspect(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "inspect");
    return testing::run_program(arguments);
  }

  nlohmann::json inspected() const {
    const Outcome outcome = inspect({"--json", model()});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return testing::json_lines(outcome.output).at(0);
  }
};

TEST_F(Inspect, StatesSizesThatFollowFromTheModel) {
  const model::IntegerModel expected = made_up_model();
  const nlohmann::json object = inspected();
  EXPECT_EQ(object["file_bytes"], fs::file_size(model()));
  EXPECT_EQ(object["peak_ram_bytes"], expected.plan.arena_bytes);
  EXPECT_EQ(object["arena_bytes"]["reference"], expected.plan.arena_bytes);
  std::size_t weight_bytes = 0;
  for (const model::Operator& each : expected.operators) weight_bytes += each.weights.size();
  EXPECT_EQ(object["weight_bytes"], weight_bytes);
}

TEST_F(Inspect, NamesWhatTheModelIs) {
  const nlohmann::json object = inspected();
  EXPECT_EQ(object["network"], "random");
  EXPECT_EQ(object["labels"], nlohmann::json({"no person", "person"}));
  EXPECT_EQ(object["decision_label"], "person");
  EXPECT_EQ(object["threshold"], 0.5);
  EXPECT_EQ(object["provenance"]["seed"], std::to_string(kSeed));
  EXPECT_EQ(object["preprocessing"]["height"], 24);
  EXPECT_EQ(object["golden_decision"], made_up_model().golden.decision);
}

TEST_F(Inspect, DescribesEachLayer) {
  const model::IntegerModel expected = made_up_model();
  const nlohmann::json object = inspected();
  ASSERT_EQ(object["layers"].size(), expected.operators.size());
  std::int64_t macs = 0;
  for (std::size_t i = 0; i < expected.operators.size(); ++i) {
    const model::Operator& layer = expected.operators[i];
    const nlohmann::json& printed = object["layers"][i];
    EXPECT_EQ(printed["name"], layer.name);
    EXPECT_EQ(printed["op"], model::kind_name(layer.kind));
    EXPECT_EQ(printed["output"], nlohmann::json({layer.height, layer.width, layer.channels}));
    EXPECT_EQ(printed["bytes"], layer.weights.size());
    EXPECT_EQ(printed.contains("bits"), model::has_weights(layer.kind));
    EXPECT_FALSE(printed["kernel_name"].get<std::string>().empty());
    macs += printed["macs"].get<std::int64_t>();
  }
  EXPECT_EQ(object["macs"], macs);
}

TEST_F(Inspect, StatesTheBitsOfTheWeights) {
  const std::string file = write_model(
      "ternary.cmcu", testing::finished_random_model(3, {.format = core::WeightFormat::kTernary2}));
  const Outcome outcome = inspect({"--json", file});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const nlohmann::json layer = testing::json_lines(outcome.output).at(0)["layers"][1];
  EXPECT_EQ(layer["op"], "convolution");
  EXPECT_EQ(layer["bits"], 2);
  EXPECT_EQ(layer["format"], "w2-ternary");
  EXPECT_EQ(layer["kernel"], 3);
  const auto weights = layer["weights"].get<int>();
  const auto rows = layer["output"][2].get<int>();
  EXPECT_EQ(layer["bytes"], rows * ((weights / rows * 2 + 7) / 8));
}

TEST_F(Inspect, PrintsATable) {
  const Outcome outcome = inspect({model()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("network   random"), HasSubstr("input     24x24 RGB"),
                    HasSubstr("kernel on this machine"), HasSubstr("convolution 3x3"),
                    HasSubstr("w8"), HasSubstr("8-bit weights"), HasSubstr("total")));
  EXPECT_EQ(outcome.errors, "");
}

TEST_F(Inspect, RefusesAMissingFile) {
  expect_refusal(inspect({file("absent.cmcu")}), "absent.cmcu: cannot be read");
}

TEST_F(Inspect, RefusesAForeignFile) {
  expect_refusal(inspect({"samples/coffee.jpg"}), "samples/coffee.jpg: is not a coco_mcu model");
}

TEST_F(Inspect, RefusesAFolder) {
  expect_refusal(inspect({file("")}), "cannot be read");
}

TEST_F(Inspect, RefusesAnEmptyFile) {
  testing::write_file(file("empty.cmcu"), {});
  expect_refusal(inspect({file("empty.cmcu")}), "empty.cmcu: is too short");
}

TEST_F(Inspect, RefusesATruncatedModel) {
  const auto size = fs::file_size(model());
  for (const auto left : {size - 1, size / 2, std::uintmax_t{16}, std::uintmax_t{15}}) {
    fs::resize_file(model(), left);
    expect_refusal(inspect({model()}), "model.cmcu: ");
  }
}

TEST_F(Inspect, RefusesEveryFlippedBit) {
  const testing::Bytes good = model::serialize(made_up_model());
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same bits in every run
  for (int i = 0; i < 300; ++i) {
    // The header's 128 bits first, then some of the others.
    const std::size_t bit = i < 128 ? static_cast<std::size_t>(i) : random() % (good.size() * 8);
    testing::Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    testing::write_file(model(), bad);
    SCOPED_TRACE(bit);
    expect_refusal(inspect({model()}), "model.cmcu: ");
  }
}

}  // namespace
}  // namespace coco_mcu
