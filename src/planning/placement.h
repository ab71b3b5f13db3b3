// Places buffers in an arena. Two buffers conflict by their distance: one may begin inside another
// where, at every moment, what is alive of them does not meet. So a tensor can be written over the
// rows of another that have been read.
#pragma once

#include <cstdint>
#include <vector>

namespace coco_mcu::planning {

/// Between buffers that are never alive together.
constexpr std::int64_t kNoGap = INT64_MIN / 4;

/// For each ordered pair, the least distance at which the second may begin above the first.
class Gaps {
 public:
  explicit Gaps(std::size_t buffers) : count_(buffers), gaps_(buffers * buffers, kNoGap) {}

  std::int64_t above(std::size_t low, std::size_t high) const { return gaps_[low * count_ + high]; }
  void raise(std::size_t low, std::size_t high, std::int64_t gap) {
    std::int64_t& now = gaps_[low * count_ + high];
    if (gap > now) now = gap;
  }
  std::size_t size() const { return count_; }

 private:
  std::size_t count_;
  std::vector<std::int64_t> gaps_;
};

struct Placement {
  std::vector<std::int64_t> offsets;  // of each buffer, multiples of 16
  std::int64_t arena_bytes = 0;       // the highest end, rounded up to 16
};

/// Tries several orders, then `tries` times to place first what reaches highest. Deterministic.
Placement place(const std::vector<std::int64_t>& bytes, const Gaps& gaps, int tries);

}  // namespace coco_mcu::planning
