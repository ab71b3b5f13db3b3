// Timing of short pieces of work.
#pragma once

#include <algorithm>
#include <ctime>
#include <vector>

namespace coco_mcu {

/// Seconds of this thread's processor time: what other programs take does not count.
inline double thread_seconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Seconds that one call of `work` takes, measured over `calls` calls.
template <class Work>
double seconds_of(const Work& work, long calls) {
  const double start = thread_seconds();
  for (long i = 0; i < calls; ++i) work();
  return (thread_seconds() - start) / static_cast<double>(calls);
}

/// As many calls of `work` as take `seconds` or a little more; they have been made.
template <class Work>
long calls_within(const Work& work, double seconds) {
  long calls = 1;
  while (seconds_of(work, calls) * static_cast<double>(calls) < seconds) calls *= 2;
  return calls;
}

inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace coco_mcu
