#include "tests/cli/picture_cli_test.h"

namespace coco_mcu {
namespace {

using testing::Bytes;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::write_file;

class Run : public testing::WithCheckpoint {
 protected:
  Outcome run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"run", "--checkpoint", checkpoint()});
    return testing::run_program(arguments);
  }
};

TEST_F(Run, PrintsTheRawOutputOfRawPixels) {
  write_file(file("dark.bin"), Bytes(256 * 256 * 3, 10));
  write_file(file("bright.bin"), Bytes(256 * 256 * 3, 240));
  const Outcome outcome = run({"--raw", "--json", file("dark.bin"), file("bright.bin")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const auto objects = testing::json_lines(outcome.output);
  ASSERT_EQ(objects.size(), 2U);
  EXPECT_EQ(objects[0]["file"], file("dark.bin").string());
  ASSERT_EQ(objects[0]["output"].size(), 2U);
  EXPECT_NEAR(objects[0]["output"][0].get<double>() + objects[0]["output"][1].get<double>(), 1.0,
              1e-5);
  EXPECT_NE(objects[0]["output"], objects[1]["output"]);
}

TEST_F(Run, TakesPicturesToo) {
  const Outcome outcome = run({"--json", "samples/chelsea.png"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(testing::json_lines(outcome.output).at(0)["output"].size(), 2U);
}

TEST_F(Run, PrintsTensorsByName) {
  const Outcome outcome = run({"--json", "--tensor", "bneck4.expand.conv", "samples/chelsea.png"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const nlohmann::json tensor = testing::json_lines(outcome.output).at(0)["tensors"].at(0);
  EXPECT_EQ(tensor["name"], "bneck4.expand.conv");
  const nlohmann::json& shape = tensor["shape"];
  EXPECT_EQ(tensor["values"].size(), shape.at(0).get<std::size_t>() *
                                         shape.at(1).get<std::size_t>() *
                                         shape.at(2).get<std::size_t>());
}

TEST_F(Run, RefusesAnUnknownTensor) {
  expect_refusal(run({"--json", "--tensor", "bneck99", "samples/chelsea.png"}), "bneck99");
}

TEST_F(Run, RefusesRawPixelsOfAnotherSize) {
  write_file(file("short.bin"), Bytes(1000, 0));
  expect_refusal(run({"--raw", file("short.bin")}),
                 "holds only 1000 bytes, the network reads 196608 (256x256x3 RGB bytes)");
  write_file(file("long.bin"), Bytes(200'000, 0));
  expect_refusal(run({"--raw", file("long.bin")}), "holds more than 196608 bytes");
}

TEST_F(Run, RefusesAMissingFile) {
  expect_refusal(run({"--raw", file("absent.bin")}), "absent.bin: cannot be opened");
}

}  // namespace
}  // namespace coco_mcu
