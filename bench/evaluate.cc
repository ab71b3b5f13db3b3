// Claim: a float checkpoint is evaluated at 150 photographs per second and more on two cores,
// reading, decoding and resizing included. Prints the median of several rounds beside that limit.
//
// Needs the shared photographs (COCO_MCU_SHARED); without them it takes the sample pictures.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <span>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/support/bench.h"
#include "dataset/image.h"
#include "evaluation/decide.h"
#include "network/checkpoint.h"
#include "tests/support/made_up_checkpoint.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"
#include "training/float_network.h"

namespace coco_mcu {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kLimit = 150.0;  // images per second
constexpr int kRounds = 9;
constexpr int kBatchSize = 4;

class NetworkDecider final : public evaluation::Decider {
 public:
  explicit NetworkDecider(const training::FloatNetwork& network) : network_(network) {}
  const core::Preprocessing& preprocessing() const override { return network_.preprocessing(); }
  std::vector<double> person_probabilities(std::span<const std::uint8_t> pictures) const override {
    const std::vector<float> output = network_.infer(pictures);  // pictures x {no person, person}
    std::vector<double> of_person;
    for (std::size_t i = 1; i < output.size(); i += 2) of_person.push_back(output[i]);
    return of_person;
  }

 private:
  const training::FloatNetwork& network_;
};

/// At least 200 pictures: what there is, as often as needed.
std::vector<std::filesystem::path> pictures() {
  const auto folder = testing::shared_material("data/coco_val");
  if (!folder) fmt::print("The shared photographs are absent: taking the sample pictures.\n");
  const auto found = dataset::list_pictures(folder.value_or("samples"));
  std::vector<std::filesystem::path> files;
  while (files.size() < 200) files.insert(files.end(), found.begin(), found.end());
  return files;
}

double seconds_of(const std::function<void()>& work) {
  const Clock::time_point start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Images per second of one round of everything.
double whole_round(const NetworkDecider& decider, std::span<const std::filesystem::path> files) {
  const double seconds = seconds_of([&] {
    evaluation::decide_files(decider, files, {.threads = 2, .batch_size = kBatchSize},
                             [](const evaluation::Decision&) {});
  });
  return static_cast<double>(files.size()) / seconds;
}

/// Images per second of the network alone, on prepared pixels, two threads.
double network_round(const NetworkDecider& decider, std::size_t count) {
  const core::Preprocessing& size = decider.preprocessing();
  const std::vector<std::uint8_t> batch(
      static_cast<std::size_t>(size.height) * size.width * 3 * kBatchSize, 100);
  const std::size_t batches = count / kBatchSize / 2;
  const double seconds = seconds_of([&] {
    const auto work = [&] {
      for (std::size_t i = 0; i < batches; ++i) decider.person_probabilities(batch);
    };
    const std::jthread other(work);
    work();
  });
  return static_cast<double>(batches * kBatchSize * 2) / seconds;
}

struct Rounds {
  double median = 0.0;
  double lowest = 0.0;
  double highest = 0.0;
};

Rounds summary(std::vector<double> values) {
  std::ranges::sort(values);
  return {values[values.size() / 2], values.front(), values.back()};
}

}  // namespace

void measure(std::span<char*> /*arguments*/) {
  const testing::TemporaryFolder folder;
  network::write_checkpoint(testing::made_up_checkpoint(), folder.path() / "checkpoint");
  const auto network = training::open_float_network(folder.path() / "checkpoint");
  const NetworkDecider decider(*network);
  const auto files = pictures();
  whole_round(decider, files);  // warms the file cache and libtorch
  std::vector<double> whole;
  std::vector<double> alone;
  for (int round = 0; round < kRounds; ++round) {
    whole.push_back(whole_round(decider, files));
    alone.push_back(network_round(decider, files.size()));
  }
  const Rounds all = summary(whole);
  const Rounds forward = summary(alone);
  fmt::print("{} pictures, 2 threads, batches of {}, {} rounds (median, lowest, highest):\n",
             files.size(), kBatchSize, kRounds);
  fmt::print("  files to decisions  {:6.1f}  {:6.1f}  {:6.1f} images/s, limit {:.0f}\n", all.median,
             all.lowest, all.highest, kLimit);
  fmt::print("  network alone       {:6.1f}  {:6.1f}  {:6.1f} images/s\n", forward.median,
             forward.lowest, forward.highest);
  const nlohmann::ordered_json line = {{"images_per_second", all.median},
                                       {"limit", kLimit},
                                       {"network_alone_images_per_second", forward.median},
                                       {"pictures", files.size()}};
  fmt::print("{}\n", line.dump());
}

}  // namespace coco_mcu
