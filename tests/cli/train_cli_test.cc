#include <sys/mount.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "dataset/tf_example.h"
#include "dataset/tfrecord.h"
#include "network/checkpoint.h"
#include "tests/cli/training_cli_test.h"
#include "tests/support/made_up_checkpoint.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;

class Train : public testing::WithTrainingData {};

TEST_F(Train, GoesFromPicturesToAnEvaluatedCheckpoint) {
  const Outcome outcome = train("run", {"--validation", data()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("parameters"), HasSubstr("stage two-bit"), HasSubstr("of 32 right"),
                    HasSubstr("finished after 14 steps")));
  const Outcome evaluated =
      testing::run_program({"evaluate", "--checkpoint", file("run/best"), "--annotations",
                            file("instances.json"), "--images", file("pictures"), "--json"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.errors;
  EXPECT_EQ(testing::json_lines(evaluated.output)[0]["n"], 32);
}

TEST_F(Train, ItsEvaluationDecidesAsTheIntegersDo) {
  ASSERT_EQ(train("run", {"--validation", data()}).exit_code, 0);
  const Outcome lowered = testing::run_program(
      {"lower", "--checkpoint", file("run/last"), "--out", file("lowered.cmcu")});
  ASSERT_EQ(lowered.exit_code, 0) << lowered.errors;
  const Outcome compared = testing::run_program(
      {"compare", "--checkpoint", file("run/last"), "--model", file("lowered.cmcu"),
       "--annotations", file("instances.json"), "--images", file("pictures"), "--json"});
  ASSERT_EQ(compared.exit_code, 0) << compared.errors;
  const auto lines = testing::json_lines(compared.output);
  EXPECT_EQ(lines[0]["agree"], 32);
}

TEST_F(Train, ValidatesAsEvaluateDoes) {
  const Outcome outcome = train("run", {"--validation", data(), "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const auto lines = testing::json_lines(outcome.output);
  const Outcome evaluated =
      testing::run_program({"evaluate", "--checkpoint", file("run/last"), "--annotations",
                            file("instances.json"), "--images", file("pictures"), "--json"});
  const auto& validation = lines.at(lines.size() - 2)["validation"];
  const auto expected = testing::json_lines(evaluated.output).at(0);
  EXPECT_EQ(validation["correct"], expected["correct"]);
  EXPECT_NEAR(validation["cross_entropy"].get<double>(), expected["cross_entropy"].get<double>(),
              1e-4);
}

TEST_F(Train, TheSameRecipeGivesTheSameWeights) {
  ASSERT_EQ(train("one").exit_code, 0);
  ASSERT_EQ(train("two").exit_code, 0);
  EXPECT_TRUE(content("one/last/weights.pt") == content("two/last/weights.pt"));
  EXPECT_EQ(metrics("one"), metrics("two"));
}

TEST_F(Train, WritesEveryStepDown) {
  ASSERT_EQ(train("run").exit_code, 0);
  int steps = 0;
  for (const nlohmann::json& line : metrics("run")) steps += line.contains("learning_rate") ? 1 : 0;
  EXPECT_EQ(steps, 14);
  EXPECT_EQ(content("run/recipe.toml"), testing::quick_recipe());
  EXPECT_THAT(content("run/run.json"), AllOf(HasSubstr("data_hash"), HasSubstr("libtorch")));
}

TEST_F(Train, AnExistingRunIsRefused) {
  ASSERT_EQ(train("run", {"--stop-after-steps", "1"}).exit_code, 0);
  const Outcome outcome = train("run");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("--resume"));
}

TEST_F(Train, AnUnknownFieldOfTheRecipeIsNamed) {
  write("recipe.toml", "learning_speed = 3\n" + testing::quick_recipe());
  const Outcome outcome = train("run");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("learning_speed"));
  EXPECT_FALSE(fs::exists(file("run")));
}

TEST_F(Train, AMissingPictureIsNamed) {
  fs::remove(file("pictures/picture5.png"));
  const Outcome outcome = train("run");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("picture5.png"));
}

TEST_F(Train, ADamagedShardIsNamed) {
  std::string shard;
  for (int id = 0; id < 16; ++id) {
    const std::string png = content("pictures/picture" + std::to_string(id) + ".png");
    dataset::Example example;
    example.file_name = "picture" + std::to_string(id) + ".png";
    example.height = 72;
    example.width = 64;
    example.label = id % 2 == 0;
    example.encoded = {png.begin(), png.end()};
    const auto record = dataset::frame_record(dataset::serialize_example(example));
    shard.append(record.begin(), record.end());
  }
  fs::create_directories(file("shards"));
  write("shards/train-00000-of-00001.tfrecord", shard);
  const auto train_on_shards = [&](const std::string& run) {
    return testing::run_program({"train", "--recipe", file("recipe.toml"), "--data", file("shards"),
                                 "--out", file(run), "--threads", "1"});
  };
  EXPECT_EQ(train_on_shards("good").exit_code, 0);
  shard[shard.size() / 2] ^= 1;
  write("shards/train-00000-of-00001.tfrecord", shard);
  const Outcome outcome = train_on_shards("bad");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("train-00000-of-00001.tfrecord"));
}

TEST_F(Train, AFullDiskEndsWithOneLineAndGoesOnLater) {
  const std::string disk = file("disk");
  fs::create_directories(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=128k") != 0) {
    GTEST_SKIP() << "no small tmpfs can be mounted here";
  }
  const Outcome outcome = train("disk/run");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("cannot be written"));
  mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=64m");
  EXPECT_EQ(train("disk/run", {"--resume"}).exit_code, 0);
  ASSERT_EQ(train("unbroken").exit_code, 0);
  EXPECT_TRUE(content("disk/run/last/weights.pt") == content("unbroken/last/weights.pt"));
  umount2(disk.c_str(), MNT_DETACH);
}

TEST_F(Train, TwoProcessesTrainLikeOne) {
  // One long stage in floats: two dozen steps.
  write("recipe.toml", R"(network = "tiny"
name = "floats"
batch_size = 8
dropout = 0.2
[optimizer]
learning_rate = 1e-3
[[stages]]
name = "float"
epochs = 6
)");
  ASSERT_EQ(train("alone").exit_code, 0);
  const std::vector<std::string> meeting = {
      "WORLD_SIZE=2", "LOCAL_WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1",
      "MASTER_PORT=" + std::to_string(20000 + getpid() % 20000)};
  std::vector<std::string> first = meeting;
  first.emplace_back("RANK=0");
  std::vector<std::string> second = meeting;
  second.emplace_back("RANK=1");
  testing::RunningProgram one(train_arguments("shared"), first);
  testing::RunningProgram other(train_arguments("shared"), second);
  const Outcome outcome = one.wait();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(other.wait().exit_code, 0);
  const auto alone = metrics("alone");
  const auto shared = metrics("shared");
  ASSERT_EQ(alone.size(), shared.size());
  int compared = 0;
  for (std::size_t i = 0; i < alone.size() && compared < 20; ++i) {
    if (!alone[i].contains("learning_rate")) continue;
    EXPECT_NEAR(shared[i]["loss"].get<double>(), alone[i]["loss"].get<double>(), 1e-3) << i;
    ++compared;
  }
  EXPECT_EQ(compared, 20);
}

TEST_F(Train, AnotherNetworksLayersAreTakenOverWhenAskedFor) {
  network::write_checkpoint(testing::made_up_checkpoint(), file("coco_mcu"));
  const Outcome refused = train("refused", {"--init", file("coco_mcu")});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("holds network coco_mcu, the recipe trains tiny"),
                                    HasSubstr("--grow")));
  const Outcome grown =
      train("grown", {"--init", file("coco_mcu"), "--grow", "--stop-after-steps", "1"});
  EXPECT_EQ(grown.exit_code, 0) << grown.errors;
}

TEST_F(Train, LearnsFromSeveralTeacherNetworks) {
  network::write_checkpoint(testing::made_up_checkpoint(), file("coco_mcu"));
  write("recipe.toml", testing::quick_recipe() + "[distillation]\nweight = 0.5\n");
  ASSERT_EQ(train("one", {"--stop-after-steps", "4"}).exit_code, 0);
  const Outcome outcome =
      train("two", {"--teacher-checkpoint", file("coco_mcu"), "--teacher-checkpoint",
                    file("coco_mcu"), "--stop-after-steps", "4"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_NE(metrics("one"), metrics("two"));
}

TEST_F(Train, ALossThatIsNotFiniteStopsWithItsPlace) {
  // Decay that overshoots: each step makes the weights nine times larger.
  write("recipe.toml", R"(network = "tiny"
name = "diverging"
batch_size = 8
[optimizer]
kind = "sgd"
learning_rate = 10.0
weight_decay = 1.0
decay = "kernels"
[[stages]]
name = "float"
epochs = 20
)");
  const Outcome outcome = train("run");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, AllOf(HasSubstr("the loss is"), HasSubstr("stage float"),
                                    HasSubstr("epoch"), HasSubstr("learning rate")));
}

TEST_F(Train, AnotherStageBeginsFromACheckpoint) {
  ASSERT_EQ(train("first").exit_code, 0);
  const Outcome outcome = train("second", {"--init", file("first/last")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
}

}  // namespace
}  // namespace coco_mcu
