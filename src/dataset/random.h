// Random numbers that are a function of what they are for: the same seed, epoch and index give the
// same picture on every machine, with any number of threads.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

namespace coco_mcu::dataset {

/// SplitMix64 (Steele, Lea & Flood 2014) from a state that mixes all parts of a key.
class Random {
 public:
  /// For example {seed, epoch, index}. Keys that differ give unrelated streams.
  explicit Random(std::initializer_list<std::uint64_t> key);

  std::uint64_t next();
  /// In [0, 1), in steps of 2^-53.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// In 0..count-1, without bias; `count` at least 1.
  std::uint64_t below(std::uint64_t count);
  bool chance(double probability) { return uniform() < probability; }
  /// Standard normal.
  double normal();

 private:
  std::uint64_t state_;
};

/// Fisher-Yates.
void shuffle(std::span<std::uint32_t> order, Random& random);

}  // namespace coco_mcu::dataset
