#include "training/run_folder.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace coco_mcu::training {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

RunDescription description() {
  return {.recipe = "name = \"x\"\n",
          .recipe_hash = "0123",
          .data_hash = "4567",
          .validation_hash = "none",
          .seed = 7,
          .network = "tiny",
          .initial_checkpoint = "",
          .device = "cpu",
          .threads = 2,
          .processes = 1,
          .libraries = {{"libtorch", "1"}}};
}

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

RunState state_at(std::int64_t step) {
  RunState state;
  state.progress.step = step;
  state.progress.stage_step = step;
  state.progress.epoch_losses = {0.5, 0.1};
  state.tensors["module/a.weight"] = {.shape = {2}, .values = {1.0F, -0.0F}};
  return state;
}

class RunFolders : public ::testing::Test {
 protected:
  fs::path run() const { return folder_.path() / "run"; }
  RunFolder open() {
    warnings_.clear();
    return {run(), description(), warnings_};
  }

  testing::TemporaryFolder folder_;
  std::vector<std::string> warnings_;
};

TEST_F(RunFolders, AStateComesBackAsItWas) {
  RunState state = state_at(12);
  state.progress.best_right = 5;
  state.progress.best_loss = 0.1;
  const RunState parsed = RunState::parse(state.bytes(), "state");
  EXPECT_EQ(parsed.progress.step, 12);
  EXPECT_EQ(parsed.progress.best_right, 5);
  EXPECT_EQ(parsed.progress.best_loss, 0.1);
  EXPECT_THAT(parsed.progress.epoch_losses, ElementsAre(0.5, 0.1));
  EXPECT_EQ(parsed.tensors, state.tensors);
}

TEST_F(RunFolders, ADamagedStateSaysSo) {
  std::vector<std::uint8_t> bytes = state_at(1).bytes();
  bytes.resize(bytes.size() / 2);
  EXPECT_THAT([&] { RunState::parse(bytes, "state"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("state: is damaged")));
  EXPECT_THROW(RunState::parse({1, 2}, "state"), std::runtime_error);
}

TEST_F(RunFolders, ANewRunHoldsItsRecipe) {
  RunFolder::create(run(), description());
  EXPECT_EQ(content(run() / "recipe.toml"), "name = \"x\"\n");
  EXPECT_THAT(content(run() / "run.json"), HasSubstr("\"seed\": 7"));
}

TEST_F(RunFolders, AnExistingRunIsNotStartedAnew) {
  RunFolder::create(run(), description());
  EXPECT_THAT([&] { RunFolder::create(run(), description()); },
              ThrowsMessage<std::runtime_error>(HasSubstr("--resume")));
}

TEST_F(RunFolders, OnlyTheNewestStateIsKept) {
  RunFolder::create(run(), description());
  {
    RunFolder opened = open();
    opened.save(state_at(3));
    opened.save(state_at(10));
  }
  EXPECT_FALSE(fs::exists(run() / "states" / "000000000003"));
  RunFolder again = open();
  ASSERT_TRUE(again.state());
  EXPECT_EQ(RunState::parse(*again.state(), "state").progress.step, 10);
  EXPECT_EQ(again.saved_step(), 10);
}

TEST_F(RunFolders, AStateThatWasNotRenamedDoesNotCount) {
  RunFolder::create(run(), description());
  fs::create_directories(run() / "states" / "000000000003.writing");
  RunFolder opened = open();
  EXPECT_FALSE(opened.state());
  EXPECT_THAT(fs::is_empty(run() / "states"), true);
}

TEST_F(RunFolders, MetricsAreCutBackToTheState) {
  RunFolder::create(run(), description());
  std::uintmax_t events = 0;
  {
    RunFolder opened = open();
    opened.metrics("{\"step\":1}");
    opened.scalars(1, {{"loss", 0.5F}});
    opened.save(state_at(1));
    events = fs::file_size(run() / "events" / "events.out.tfevents.1.coco-mcu");
    opened.metrics("{\"step\":2}");
    opened.scalars(2, {{"loss", 0.4F}});
  }
  RunFolder again = open();
  EXPECT_EQ(content(run() / "metrics.jsonl"), "{\"step\":1}\n");
  EXPECT_EQ(fs::file_size(run() / "events" / "events.out.tfevents.1.coco-mcu"), events);
}

TEST_F(RunFolders, ACheckpointThatStoodAsideComesBack) {
  RunFolder::create(run(), description());
  fs::create_directories(run() / "last.replaced");
  fs::create_directories(run() / "best");
  fs::create_directories(run() / "best.replaced");
  fs::create_directories(run() / "best.writing");
  open();
  EXPECT_TRUE(fs::exists(run() / "last"));
  EXPECT_FALSE(fs::exists(run() / "last.replaced"));
  EXPECT_FALSE(fs::exists(run() / "best.replaced"));
  EXPECT_FALSE(fs::exists(run() / "best.writing"));
}

TEST_F(RunFolders, OtherDataIsRefused) {
  RunFolder::create(run(), description());
  RunDescription other = description();
  other.data_hash = "89ab";
  EXPECT_THAT([&] { RunFolder(run(), other, warnings_); },
              ThrowsMessage<std::runtime_error>(HasSubstr("data_hash")));
}

TEST_F(RunFolders, AnotherThreadCountIsALine) {
  RunFolder::create(run(), description());
  RunDescription other = description();
  other.threads = 3;
  const RunFolder opened(run(), other, warnings_);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("threads was 2 and is 3")));
  open();
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(RunFolders, AnyOtherFolderIsNoRun) {
  fs::create_directories(run());
  EXPECT_THAT([&] { open(); }, ThrowsMessage<std::runtime_error>(HasSubstr("is no run")));
}

}  // namespace
}  // namespace coco_mcu::training
