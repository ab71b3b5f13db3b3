#include <algorithm>
#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include <gmock/gmock.h>

#include "tests/cli/training_cli_test.h"

namespace coco_mcu {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;
using testing::RunningProgram;

constexpr int kKills = 20;

class TrainResume : public testing::WithTrainingData {
 protected:
  void expect_same_result(const std::string& run, const std::string& unbroken) const {
    EXPECT_TRUE(content(run + "/last/weights.pt") == content(unbroken + "/last/weights.pt"));
    EXPECT_EQ(content(run + "/best/weights.pt"), content(unbroken + "/best/weights.pt"));
    EXPECT_EQ(metrics(run), metrics(unbroken));
  }
};

TEST_F(TrainResume, StoppedAtEachStepTheResultIsTheSame) {
  ASSERT_EQ(train("unbroken", {"--validation", data()}).exit_code, 0);
  ASSERT_EQ(train("run", {"--validation", data(), "--stop-after-steps", "1"}).exit_code, 0);
  for (int step = 2; step <= 14; ++step) {
    const Outcome outcome =
        train("run", {"--validation", data(), "--resume", "--stop-after-steps", "1"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_THAT(outcome.output, HasSubstr("resumed after step " + std::to_string(step - 1)));
  }
  expect_same_result("run", "unbroken");
}

TEST_F(TrainResume, KilledAtAnyInstantTheResultIsTheSame) {
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(train("unbroken", {"--validation", data()}).exit_code, 0);
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);
  std::mt19937 random(2);  // NOLINT(cert-msc51-cpp): a test has no secrets
  // Each time a little further: most of a call is loading libtorch.
  for (int kill = 0; kill < kKills; ++kill) {
    RunningProgram program(train_arguments("run", {"--validation", data(), "--resume"}));
    const auto microseconds = std::chrono::microseconds(
        std::uniform_int_distribution<std::int64_t>(whole.count() / 3, whole.count())(random));
    std::this_thread::sleep_for(microseconds);
    program.send(SIGKILL);
    program.wait();
  }
  const Outcome outcome = train("run", {"--validation", data(), "--resume"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_same_result("run", "unbroken");
}

TEST_F(TrainResume, InterruptedItSavesAndSaysHowToGoOn) {
  std::string recipe = testing::quick_recipe();
  recipe.replace(recipe.find("epochs = 2"), 10, "epochs = 5000");
  write("recipe.toml", recipe);
  RunningProgram program(train_arguments("run"));
  while (content("run/metrics.jsonl").empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  program.send(SIGINT);
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.exit_code, 130) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("--resume"));
  const Outcome resumed = train("run", {"--resume", "--stop-after-steps", "1"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.errors;
  EXPECT_THAT(resumed.output, HasSubstr("resumed after step"));
}

TEST_F(TrainResume, OtherDataIsRefused) {
  ASSERT_EQ(train("run", {"--stop-after-steps", "2"}).exit_code, 0);
  annotate(40);
  const Outcome outcome = train("run", {"--resume"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("data_hash"));
}

TEST_F(TrainResume, AFinishedRunHasNothingToDo) {
  ASSERT_EQ(train("run").exit_code, 0);
  const std::string weights = content("run/last/weights.pt");
  const Outcome outcome = train("run", {"--resume"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(content("run/last/weights.pt"), weights);
}

}  // namespace
}  // namespace coco_mcu
