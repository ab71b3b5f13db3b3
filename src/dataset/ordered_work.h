// Work on numbered pieces side by side, results handed over in order: what threads do never shows
// in what comes out.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace coco_mcu::dataset {

/// Results of pieces first..last-1. At most twice as many of them as there are threads wait to be
/// handed over, so that memory stays bounded.
template <typename Result>
class OrderedWork {
 public:
  OrderedWork(std::size_t first, std::size_t last, std::function<Result(std::size_t)> work)
      : next_(first), delivered_(first), last_(last), work_(std::move(work)) {}

  /// Calls `work` on `threads` threads (0: one for each core) and `done` on the calling one. An
  /// exception of either ends it all and is thrown here.
  void run(int threads, const std::function<void(std::size_t, Result)>& done) {
    const auto cores = static_cast<int>(std::thread::hardware_concurrency());
    const int count = threads > 0 ? threads : std::max(1, cores);
    waiting_.resize(std::size_t{2} * static_cast<std::size_t>(count));
    std::vector<std::jthread> workers;  // joined before anything they use goes
    workers.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) workers.emplace_back([this] { take_pieces(); });
    try {
      hand_over(done);
    } catch (...) {
      stop();
      throw;
    }
  }

 private:
  void take_pieces() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return next_ >= last_ || next_ < delivered_ + waiting_.size(); });
      if (next_ >= last_) return;
      const std::size_t index = next_++;
      lock.unlock();
      std::optional<Result> result;
      std::exception_ptr failure;
      try {
        result.emplace(work_(index));
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      if (failure) failure_ = failure;
      waiting_[index % waiting_.size()] = std::move(result);
      changed_.notify_all();
    }
  }

  void hand_over(const std::function<void(std::size_t, Result)>& done) {
    while (delivered_ < last_) {
      std::unique_lock lock(mutex_);
      std::optional<Result>& slot = waiting_[delivered_ % waiting_.size()];
      changed_.wait(lock, [&] { return slot.has_value() || failure_; });
      if (failure_) std::rethrow_exception(failure_);
      Result result = *std::exchange(slot, std::nullopt);
      const std::size_t index = delivered_++;
      changed_.notify_all();
      lock.unlock();
      done(index, std::move(result));
    }
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    next_ = last_;
    changed_.notify_all();
  }

  std::mutex mutex_;  // guards what follows but `work_` and `last_`
  std::condition_variable changed_;
  std::size_t next_;       // first piece that nobody has taken
  std::size_t delivered_;  // first piece that is not handed over
  std::size_t last_;
  std::function<Result(std::size_t)> work_;
  std::vector<std::optional<Result>> waiting_;  // piece i at i modulo its size
  std::exception_ptr failure_;
};

}  // namespace coco_mcu::dataset
