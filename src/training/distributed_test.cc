#include "training/distributed.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "network/zoo/zoo.h"
#include "tests/support/temporary_folder.h"
#include "training/loss.h"
#include "training/named_tensors.h"

namespace coco_mcu::training {
namespace {

constexpr std::int64_t kPictures = 8;
constexpr int kProcesses = 2;

/// Gradients of the first step of a batch, of this process's share of it, summed over all.
NamedTensors gradients_of_first_step(const Processes& processes) {
  at::set_num_threads(1);
  torch::manual_seed(1);
  NetworkModule module(network::tiny(), {});
  const torch::Tensor pictures = torch::randn({kPictures, 3, 64, 64});
  const torch::Tensor labels = (torch::arange(kPictures) % 2).to(torch::kFloat);
  const std::int64_t share = kPictures / processes.count();
  const std::int64_t first = share * processes.rank();
  module.train();
  NetworkModule::Mode mode;
  mode.first_picture = first;
  mode.dropout_key = 5;
  mode.sum = processes.summing();
  mode.largest = processes.taking_largest();
  module.set_mode(mode);
  const torch::Tensor own = labels.slice(0, first, first + share);
  const torch::Tensor input =
      pictures.slice(0, first, first + share).contiguous(torch::MemoryFormat::ChannelsLast);
  const Targets targets{.labels = own, .teacher = torch::full_like(own, NAN)};
  (loss_sum(module.logits(input), targets, 0.0, {}) / static_cast<double>(kPictures)).backward();
  std::vector<double> numbers = {1.0};
  processes.sum_gradients(module.parameters(), numbers);
  if (numbers[0] != processes.count()) throw std::runtime_error("numbers are not summed");
  NamedTensors gradients;
  for (const auto& each : module.named_parameters()) {
    gradients.emplace_back(each.key(), each.value().grad());
  }
  return gradients;
}

/// Runs `work` in processes of their own, before this one has used libtorch's threads.
template <typename Work>
void in_two_processes(const std::string& meeting_file, Work work) {
  std::vector<pid_t> children;
  for (int rank = 0; rank < kProcesses; ++rank) {
    const pid_t child = fork();
    if (child == 0) {
      int status = 1;
      try {
        work(Processes::at_file(meeting_file, rank, kProcesses));
        status = 0;
      } catch (const std::exception& error) {
        fprintf(stderr, "process %d: %s\n", rank, error.what());
      }
      _exit(status);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

TEST(Distributed, AloneNothingIsSummed) {
  const Processes alone;
  EXPECT_TRUE(alone.is_first());
  EXPECT_FALSE(alone.summing());
  torch::Tensor tensor = torch::ones({2});
  alone.sum(tensor);
  EXPECT_TRUE(torch::equal(tensor, torch::ones({2})));
}

TEST(Distributed, SumsMaximaAndBroadcastsReachEverybody) {
  const testing::TemporaryFolder folder;
  in_two_processes(folder.path() / "meet", [](const Processes& processes) {
    torch::Tensor sum = torch::full({3}, processes.rank() + 1.0);
    processes.sum(sum);
    torch::Tensor largest = torch::full({3}, processes.rank() + 1.0);
    processes.largest(largest);
    const auto bytes = processes.broadcast(processes.is_first() ? std::vector<std::uint8_t>{1, 2, 3}
                                                                : std::vector<std::uint8_t>{});
    const bool right = torch::equal(sum, torch::full({3}, 3.0)) &&
                       torch::equal(largest, torch::full({3}, 2.0)) &&
                       bytes == std::vector<std::uint8_t>{1, 2, 3};
    if (!right) throw std::runtime_error("wrong result");
  });
}

TEST(Distributed, TwoProcessesHaveTheGradientsOfOne) {
  const testing::TemporaryFolder folder;
  in_two_processes(folder.path() / "meet", [](const Processes& processes) {
    const NamedTensors shared = gradients_of_first_step(processes);
    const NamedTensors alone = gradients_of_first_step(Processes());
    double largest = 0.0;
    for (const auto& [name, gradient] : alone) {
      largest = std::max(largest, gradient.norm().item<double>());
    }
    for (std::size_t i = 0; i < alone.size(); ++i) {
      const double norm = alone[i].second.norm().item<double>();
      const double distance = (alone[i].second - shared[i].second).norm().item<double>();
      // A bias in front of batch norm has no gradient but what rounding leaves of large sums.
      if (distance > 1e-5 * norm + 1e-7 * largest) {
        throw std::runtime_error(alone[i].first + " differs by " + std::to_string(distance) +
                                 " of " + std::to_string(norm));
      }
    }
  });
}

}  // namespace
}  // namespace coco_mcu::training
