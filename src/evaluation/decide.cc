#include "evaluation/decide.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "dataset/image.h"

namespace coco_mcu::evaluation {
namespace {

using Clock = std::chrono::steady_clock;

/// The work that the threads share.
class Job {
 public:
  Job(const Decider& decider, std::span<const std::filesystem::path> files, int batch_size)
      : decider_(decider),
        files_(files),
        batch_size_(static_cast<std::size_t>(std::max(1, batch_size))),
        results_(files.size()) {}

  /// Body of a worker thread.
  void work();
  /// Body of the calling thread.
  void deliver(const std::function<void(const Decision&)>& done);
  void stop() { next_ = files_.size(); }

 private:
  std::vector<Decision> decide_batch(std::size_t begin, std::size_t end) const;

  const Decider& decider_;
  std::span<const std::filesystem::path> files_;
  std::size_t batch_size_;
  std::atomic<std::size_t> next_ = 0;  // first picture that nobody has taken

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<std::optional<Decision>> results_;
  std::exception_ptr failure_;
};

std::vector<Decision> Job::decide_batch(std::size_t begin, std::size_t end) const {
  const Clock::time_point start = Clock::now();
  std::vector<Decision> decisions;
  std::vector<std::uint8_t> pictures;
  std::vector<std::size_t> readable;  // indices into decisions
  for (std::size_t index = begin; index < end; ++index) {
    decisions.push_back({.index = index, .person_probability = 0, .milliseconds = 0, .error = {}});
    try {
      const dataset::Image image =
          dataset::prepare(dataset::read_image(files_[index]), decider_.preprocessing());
      pictures.insert(pictures.end(), image.rgb.begin(), image.rgb.end());
      readable.push_back(decisions.size() - 1);
    } catch (const std::runtime_error& error) {
      decisions.back().error = error.what();
    }
  }
  if (!readable.empty()) {
    const std::vector<double> probabilities = decider_.person_probabilities(pictures);
    for (std::size_t i = 0; i < readable.size(); ++i) {
      decisions[readable[i]].person_probability = probabilities.at(i);
    }
  }
  const std::chrono::duration<double, std::milli> elapsed = Clock::now() - start;
  for (Decision& each : decisions) {
    each.milliseconds = elapsed.count() / static_cast<double>(decisions.size());
  }
  return decisions;
}

void Job::work() {
  try {
    while (true) {
      const std::size_t begin = next_.fetch_add(batch_size_);
      if (begin >= files_.size()) return;
      std::vector<Decision> batch =
          decide_batch(begin, std::min(begin + batch_size_, files_.size()));
      const std::lock_guard lock(mutex_);
      for (Decision& each : batch) results_[each.index] = std::move(each);
      changed_.notify_one();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
    stop();
    changed_.notify_one();
  }
}

void Job::deliver(const std::function<void(const Decision&)>& done) {
  for (std::size_t index = 0; index < files_.size(); ++index) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return results_[index].has_value() || failure_; });
    if (failure_) std::rethrow_exception(failure_);
    const Decision decision = *std::exchange(results_[index], std::nullopt);
    lock.unlock();
    done(decision);
  }
}

}  // namespace

void decide_files(const Decider& decider, std::span<const std::filesystem::path> files,
                  const DecideOptions& options, const std::function<void(const Decision&)>& done) {
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  const int threads = options.threads > 0 ? options.threads : std::max(1, cores);
  Job job(decider, files, options.batch_size);
  std::vector<std::jthread> workers;  // joined before the job ends
  workers.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) workers.emplace_back([&job] { job.work(); });
  try {
    job.deliver(done);
  } catch (...) {
    job.stop();
    throw;
  }
}

}  // namespace coco_mcu::evaluation
