// Dot products of activations and weights, three ways to build them. Freestanding.
//
// A step multiplies one vector of activations (uint8 codes, in whatever type `Activation` holds
// them) by one vector of weights and adds up the neighbours that share an int32 lane. `step` may
// add into narrow lanes: then at most kSteps steps go into one partial sum before `widen` makes
// int32 lanes of it. All of it is exact.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coco_mcu::kernels::x86 {

/// Where the contract of accumulators (docs/arithmetic.md) is the only limit.
constexpr std::size_t kManySteps = std::size_t{1} << 20;

/// Weights of any size as int16: pmaddwd adds two products into an int32.
template <class V>
struct PairDot {
  using Vector = typename V::Vector;
  using Activation = std::int16_t;
  using Weight = std::int16_t;
  static constexpr std::size_t kSteps = kManySteps;

  static Vector step(Vector sum, Vector activations, Vector weights) {
    return V::as_it_is(V::add32(sum, V::multiply_pairs16(activations, weights)));
  }
  static Vector widen(Vector sum) { return sum; }
};

/// Small weights as int8: pmaddubsw adds two products into an int16, and as long as the largest
/// sum stays below 2^15 it is cheaper to keep adding there.
template <class V, int kMagnitude>
struct BytePairDot {
  using Vector = typename V::Vector;
  using Activation = std::uint8_t;
  using Weight = std::int8_t;
  static constexpr std::size_t kSteps = 32767 / (2 * 255 * kMagnitude);

  static Vector step(Vector sum, Vector activations, Vector weights) {
    return V::as_it_is(V::add16(sum, V::multiply_pairs8(activations, weights)));
  }
  static Vector widen(Vector sum) { return V::multiply_pairs16(sum, V::set16(1)); }
};

/// Weights of any size as int8: vpdpbusd adds four products into an int32.
template <class V>
struct QuadDot {
  using Vector = typename V::Vector;
  using Activation = std::uint8_t;
  using Weight = std::int8_t;
  static constexpr std::size_t kSteps = kManySteps;

  static Vector step(Vector sum, Vector activations, Vector weights) {
    return V::as_it_is(V::dot_quads(sum, activations, weights));
  }
  static Vector widen(Vector sum) { return sum; }
};

}  // namespace coco_mcu::kernels::x86
