#include "planning/placement.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "model/header.h"

namespace coco_mcu::planning {
namespace {

using Order = std::vector<std::size_t>;

/// The lowest place of `buffer` beside those that have one.
std::int64_t lowest_place(std::size_t buffer, const Order& order, std::size_t placed,
                          const std::vector<std::int64_t>& offsets, const Gaps& gaps) {
  std::vector<std::pair<std::int64_t, std::int64_t>> taken;  // places in between are not free
  for (std::size_t i = 0; i < placed; ++i) {
    const std::size_t other = order[i];
    if (gaps.above(other, buffer) == kNoGap) continue;
    const std::int64_t begin = offsets[other] - gaps.above(buffer, other);
    const std::int64_t end = offsets[other] + gaps.above(other, buffer);
    if (begin < end) taken.emplace_back(begin, end);
  }
  std::sort(taken.begin(), taken.end());
  std::int64_t offset = 0;
  for (const auto& [begin, end] : taken) {
    if (offset <= begin) break;
    if (offset < end) offset = model::align_up(end);
  }
  return offset;
}

Placement place_in(const Order& order, const std::vector<std::int64_t>& bytes, const Gaps& gaps) {
  Placement result;
  result.offsets.assign(bytes.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t buffer = order[i];
    result.offsets[buffer] = lowest_place(buffer, order, i, result.offsets, gaps);
    result.arena_bytes =
        std::max(result.arena_bytes, model::align_up(result.offsets[buffer] + bytes[buffer]));
  }
  return result;
}

/// Moves what reaches the arena's end to the front.
bool promote_highest(Order& order, const std::vector<std::int64_t>& bytes,
                     const Placement& placement, std::size_t step) {
  const auto reaches_end = [&](std::size_t buffer) {
    return model::align_up(placement.offsets[buffer] + bytes[buffer]) == placement.arena_bytes;
  };
  const auto highest = std::find_if(order.begin(), order.end(), reaches_end);
  const std::size_t position = static_cast<std::size_t>(highest - order.begin());
  if (position == 0) return false;
  const std::size_t target = step >= position ? 0 : position - step;
  std::rotate(order.begin() + static_cast<std::ptrdiff_t>(target), highest, highest + 1);
  return true;
}

}  // namespace

Placement place(const std::vector<std::int64_t>& bytes, const Gaps& gaps, int tries) {
  Order by_birth(bytes.size());
  std::iota(by_birth.begin(), by_birth.end(), 0);
  Order by_size = by_birth;
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](std::size_t a, std::size_t b) { return bytes[a] > bytes[b]; });
  const Order latest_first(by_birth.rbegin(), by_birth.rend());
  Order large_latest_first = latest_first;
  std::stable_sort(large_latest_first.begin(), large_latest_first.end(),
                   [&](std::size_t a, std::size_t b) { return bytes[a] / 4096 > bytes[b] / 4096; });
  Placement best;
  for (Order order : {by_size, latest_first, large_latest_first, by_birth}) {
    for (int attempt = 0; attempt <= tries; ++attempt) {
      Placement placement = place_in(order, bytes, gaps);
      const bool can_go_on =
          promote_highest(order, bytes, placement, static_cast<std::size_t>(1 + attempt % 7 * 3));
      const bool is_better = best.offsets.empty() || placement.arena_bytes < best.arena_bytes;
      if (is_better) best = std::move(placement);
      if (!can_go_on) break;
    }
  }
  return best;
}

}  // namespace coco_mcu::planning
