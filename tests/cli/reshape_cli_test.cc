#include "network/checkpoint.h"
#include "network/costs.h"
#include "tests/cli/annotated_samples.h"
#include "tests/cli/picture_cli_test.h"

namespace coco_mcu {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;

class Reshape : public testing::WithCheckpoint {
 protected:
  void SetUp() override {
    testing::WithCheckpoint::SetUp();
    const std::string text = testing::annotations_of_samples().dump();
    testing::write_file(file("instances.json"), {text.begin(), text.end()});
  }

  Outcome reshape(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"reshape",
                                          "--checkpoint",
                                          checkpoint(),
                                          "--annotations",
                                          file("instances.json"),
                                          "--images",
                                          "samples",
                                          "--pictures",
                                          "1",
                                          "--out",
                                          made()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run_program(arguments);
  }

  network::Network made_network() const {
    return network::read_checkpoint(made()).own_network.value();
  }

  std::string made() const { return file("reshaped"); }
};

TEST_F(Reshape, WithoutAttentionNoMaskIsLeft) {
  const Outcome outcome = reshape({"--without-attention"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("without dead parts"));
  const network::Network network = made_network();
  EXPECT_FALSE(network.find("att_0").has_value());
  EXPECT_FALSE(network.find("masked_bneck_0").has_value());
  EXPECT_TRUE(network.find("bneck0").has_value());
}

// In floats a pair computes what its kernel did.
TEST_F(Reshape, PairsDecideAsTheNetworkDid) {
  const Outcome outcome = reshape({"--pairs", "first", "--pairs", "depthwise"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_TRUE(made_network().find("first_layer.sum").has_value());
  EXPECT_TRUE(made_network().find("bneck4.depthwise.fine.conv").has_value());
  const auto probability = [](const std::string& of) {
    const Outcome run =
        testing::run_program({"detect", "--json", "--checkpoint", of, "samples/chelsea.png"});
    return nlohmann::json::parse(run.output).at("person").get<double>();
  };
  EXPECT_NEAR(probability(made()), probability(checkpoint()), 1e-4);
}

TEST_F(Reshape, NamesThePairsThatThereAreNot) {
  const Outcome outcome = reshape({"--pairs", "bneck99"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("--pairs bneck99: no such layer is left"));
  EXPECT_FALSE(std::filesystem::exists(made()));
}

}  // namespace
}  // namespace coco_mcu
