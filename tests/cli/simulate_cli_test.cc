// simulate and emit.
#include <filesystem>

#include "tests/cli/model_cli_test.h"
#include "tests/support/shared_material.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::Outcome;

class Simulate : public testing::WithModel {
 protected:
  void SetUp() override {
    for (const char* tool : {"arm-none-eabi-g++", "qemu-system-arm"}) {
      if (!testing::is_installed(tool)) GTEST_SKIP() << "needs " << tool << " (make test-packages)";
    }
    WithModel::SetUp();
  }

  nlohmann::json simulated(const std::string& board) const { return simulated(model(), board); }

  nlohmann::json simulated(const std::string& file, const std::string& board) const {
    const Outcome outcome = testing::run_program(
        {"simulate", file, "--board", board, "--json", "samples/astronaut.jpg"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    const auto lines = testing::json_lines(outcome.output);
    EXPECT_EQ(lines.size(), 1U);
    return lines.empty() ? nlohmann::json() : lines.front();
  }

  nlohmann::json detected() const { return detected(model()); }

  nlohmann::json detected(const std::string& file) const {
    const Outcome outcome =
        testing::run_program({"detect", "--model", file, "--json", "samples/astronaut.jpg"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return testing::json_lines(outcome.output).at(0);
  }
};

TEST_F(Simulate, BoardsSayWhatTheHostSays) {
  const nlohmann::json expected = detected();
  for (const char* board : {"mps2-an386", "mps3-an547"}) {
    const nlohmann::json line = simulated(board);
    EXPECT_EQ(line["person"], expected["person"]) << board;
    EXPECT_EQ(line["label"], expected["label"]) << board;
    EXPECT_GT(line["instructions"].get<int>(), 0);
    EXPECT_GT(line["instructions_per_mac"].get<double>(), 0.0);
    const nlohmann::json& ram = line["ram_bytes"];
    EXPECT_LE(ram["stack"].get<int>() + ram["static"].get<int>(), 8192) << board;
    EXPECT_EQ(line["flash_bytes"]["model"].get<std::uintmax_t>(), fs::file_size(model()));
  }
}

TEST_F(Simulate, TheShippedModelRunsIn128Kilobytes) {
  const std::string planned = file("planned.cmcu").string();
  const Outcome outcome =
      testing::run_program({"plan", "models/person.cmcu", "--ram", "80K", "--out", planned});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(simulated(planned, "netduinoplus2")["person"], detected(planned)["person"]);
}

TEST_F(Simulate, EveryWeightFormatRunsOnACortexM0) {
  for (const char* name : {"small", "signed4", "ternary", "four_level"}) {
    const std::string small = std::string("tests/corpus/model/") + name + ".cmcu";
    EXPECT_EQ(simulated(small, "microbit")["person"], detected(small)["person"]) << name;
  }
}

TEST_F(Simulate, GreyPicturesAreGivenAsOneChannel) {
  const auto peer = testing::shared_material("peers/person_detect.tflite");
  if (!peer) GTEST_SKIP() << "needs COCO_MCU_SHARED";
  const Outcome imported =
      testing::run_program({"import", "--tflite", peer->string(), "--out", model()});
  ASSERT_EQ(imported.exit_code, 0) << imported.errors;
  EXPECT_EQ(simulated("mps2-an386")["person"], detected()["person"]);
}

class Emit : public testing::WithModel {};

TEST_F(Emit, AnArenaThatDoesNotFitNamesWhatWould) {
  const Outcome outcome = testing::run_program({"emit", model(), "--board", "mps2-an386", "--ram",
                                                "4096", "--out", file("firmware").string()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("more than the 4096 bytes of RAM"));
  EXPECT_THAT(outcome.errors, HasSubstr("give --ram "));
  EXPECT_FALSE(fs::exists(file("firmware")));
}

TEST_F(Emit, AModelThatDoesNotFitNamesWhatWould) {
  const Outcome outcome =
      testing::run_program({"emit", model(), "--board", "mps2-an386", "--model-region", "4096",
                            "--out", file("firmware").string()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("more than the region of 4096 bytes"));
  EXPECT_THAT(outcome.errors,
              HasSubstr("--model-region " + std::to_string(fs::file_size(model()))));
  EXPECT_FALSE(fs::exists(file("firmware")));
}

TEST_F(Emit, AFolderThatHoldsSomethingIsRefused) {
  const std::string folder = file("firmware").string();
  fs::create_directory(folder);
  testing::write_file(fs::path(folder) / "mine.txt", testing::Bytes{1});
  const Outcome outcome =
      testing::run_program({"emit", model(), "--board", "mps2-an386", "--out", folder});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("is not empty; name a new folder"));
}

TEST_F(Emit, AnUnknownBoardIsAnsweredWithTheKnownOnes) {
  const Outcome outcome = testing::run_program(
      {"emit", model(), "--board", "toaster", "--out", file("firmware").string()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("board toaster: is not known; there is: mps2-an385"));
}

}  // namespace
}  // namespace coco_mcu
