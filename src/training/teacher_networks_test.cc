#include "training/teacher_networks.h"

#include <gtest/gtest.h>

#include "network/checkpoint.h"
#include "network/zoo/zoo.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::training {
namespace {

const core::Preprocessing kStudent = {
    .height = 64, .width = 64, .mean = {0.5F, 0.5F, 0.5F}, .deviation = {0.25F, 0.25F, 0.25F}};

/// A checkpoint of the tiny network with random weights.
std::filesystem::path write_teacher(const std::filesystem::path& folder, std::uint64_t seed,
                                    const core::Preprocessing& preprocessing) {
  torch::manual_seed(seed);
  network::Checkpoint checkpoint;
  const network::Network description = network::tiny();
  checkpoint.network = description.name;
  checkpoint.preprocessing = preprocessing;
  checkpoint.labels = description.labels;
  checkpoint.tensors = state_of(NetworkModule(description, {}));
  network::write_checkpoint(checkpoint, folder);
  return folder;
}

torch::Tensor opinion(const std::filesystem::path& folder, const torch::Tensor& pictures) {
  const auto module = load_module(network::read_checkpoint(folder));
  module->eval();
  module->prepare_inference();
  return module->infer(pictures).flatten(1).select(1, 1).clone();
}

TEST(TeacherNetworks, NoneHaveNoOpinion) {
  EXPECT_FALSE(TeacherNetworks().probabilities(torch::zeros({1, 3, 64, 64}), kStudent).defined());
}

TEST(TeacherNetworks, SeveralSpeakAsTheMeanOfTheirLogits) {
  const testing::TemporaryFolder folder;
  const auto first = write_teacher(folder.path() / "first", 1, kStudent);
  const auto second = write_teacher(folder.path() / "second", 2, kStudent);
  TeacherNetworks teachers;
  teachers.add(first, torch::kCPU);
  teachers.add(second, torch::kCPU);
  const torch::Tensor pictures = torch::randn({3, 3, 64, 64});
  const torch::Tensor expected = torch::sigmoid(
      (torch::logit(opinion(first, pictures)) + torch::logit(opinion(second, pictures))) / 2.0);
  EXPECT_TRUE(torch::allclose(teachers.probabilities(pictures, kStudent), expected, 1e-4, 1e-5));
}

TEST(TeacherNetworks, SeeThePictureAtTheirOwnSizeAndColours) {
  const testing::TemporaryFolder folder;
  core::Preprocessing own = kStudent;
  own.mean[0] = 0.25F;
  own.deviation[0] = 0.5F;
  const auto teacher = write_teacher(folder.path() / "teacher", 1, own);
  core::Preprocessing large = kStudent;
  large.height = 128;
  large.width = 128;
  TeacherNetworks teachers;
  teachers.add(teacher, torch::kCPU);
  // One colour everywhere: 0.75 of full scale in red, in each network's units.
  torch::Tensor pictures = torch::zeros({1, 3, 128, 128});
  pictures.select(1, 0).fill_((0.75F - 0.5F) / 0.25F);
  torch::Tensor seen = torch::zeros({1, 3, 64, 64});
  seen.select(1, 0).fill_((0.75F - 0.25F) / 0.5F);
  EXPECT_TRUE(
      torch::allclose(teachers.probabilities(pictures, large), opinion(teacher, seen), 1e-4, 1e-5));
}

}  // namespace
}  // namespace coco_mcu::training
