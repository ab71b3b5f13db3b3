#include "dataset/random.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace coco_mcu::dataset {
namespace {

constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15;  // 2^64 divided by the golden ratio, odd

/// SplitMix64's output function: every bit of the state moves every bit of the result.
std::uint64_t mix(std::uint64_t state) {
  state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
  state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
  return state ^ (state >> 31);
}

}  // namespace

// Beginning with the number of parts, {1} and {1, 0} differ.
Random::Random(std::initializer_list<std::uint64_t> key) : state_(mix(key.size() + kStep)) {
  for (const std::uint64_t part : key) state_ = mix((state_ ^ mix(part + kStep)) + kStep);
}

std::uint64_t Random::next() {
  state_ += kStep;
  return mix(state_);
}

double Random::uniform() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

// What lies above the largest multiple of `count` is drawn again; it would favour small numbers.
std::uint64_t Random::below(std::uint64_t count) {
  const std::uint64_t surplus = (0 - count) % count;  // 2^64 modulo count
  std::uint64_t drawn = next();
  while (drawn < surplus) drawn = next();
  return drawn % count;
}

// Box & Muller 1958.
double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

void shuffle(std::span<std::uint32_t> order, Random& random) {
  for (std::size_t last = order.size(); last > 1; --last) {
    std::swap(order[last - 1], order[random.below(last)]);
  }
}

}  // namespace coco_mcu::dataset
