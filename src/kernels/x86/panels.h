// A convolution's weights in the order in which tiles read them. Freestanding.
#pragma once

#include "kernels/x86/packed_weights.h"
#include "kernels/x86/unrolled.h"

namespace coco_mcu::kernels::x86 {

template <int kBits>
constexpr int kLargestWeight = kBits == 2 ? 3 : 1 << (kBits - 1);

/// Where things stand in scratch: constants of the channels; the panels, for each block of
/// V::kTileVectors vectors of output channels, step by step of the dot product, its weights for
/// each channel; a chunk of windows. Channels are filled up with zeros to whole vectors, windows to
/// whole steps.
template <class V, int kBits>
struct Panels {
  using Dot = typename V::template Dot<kLargestWeight<kBits>>;
  using Activation = typename Dot::Activation;
  using Weight = typename Dot::Weight;
  using Packed = PackedWeights<V, kBits, Weight>;

  /// Activations of one step: they share a 32-bit lane.
  static constexpr std::size_t kDepth = 4 / sizeof(Activation);
  static constexpr std::size_t kChunkPixels = 48;
  /// What may be written beyond the last window.
  static constexpr std::size_t kSlack = 16;

  explicit Panels(const Convolution& layer, std::uint8_t* scratch = nullptr)
      : window(size(layer.kernel) * size(layer.kernel) * size(layer.in_channels)),
        steps(quotient_up(window, kDepth)),
        vectors(quotient_up(size(layer.out_channels), V::kLanes)),
        constants(scratch) {}

  std::size_t constants_bytes() const { return vectors * sizeof(Channels<V>); }
  std::size_t weights_bytes() const { return vectors * steps * V::kBytes; }
  std::size_t windows_bytes() const {
    return (kChunkPixels * pitch() + kSlack) * sizeof(Activation);
  }
  std::size_t bytes() const { return constants_bytes() + weights_bytes() + windows_bytes(); }

  /// Activations from one window to the next.
  std::size_t pitch() const { return steps * kDepth; }
  Activation* windows() const {
    return reinterpret_cast<Activation*>(constants + constants_bytes() + weights_bytes());
  }
  Channels<V>* channels(std::size_t vector) const {
    return reinterpret_cast<Channels<V>*>(constants) + vector;
  }
  /// The block that begins with the `vector`-th vector of channels.
  std::uint8_t* block(std::size_t vector) const {
    return constants + constants_bytes() + vector * steps * V::kBytes;
  }
  std::size_t block_vectors(std::size_t vector) const {
    return smaller(V::kTileVectors, vectors - vector);
  }

  void fill(const Convolution& layer) const {
    const Packed packed(layer, window);
    for (std::size_t vector = 0; vector < vectors; ++vector) {
      fill_weights(packed, vector);
      fill_channels(layer, vector);
    }
  }

  /// After the weights.
  void fill_channels(const Convolution& layer, std::size_t vector) const {
    std::int32_t sums[V::kLanes] = {};
    if (layer.zero_point != 0) V::store(sums, weight_sums(vector));
    for (std::size_t lane = 0; lane < V::kLanes; ++lane) {
      const std::size_t channel = vector * V::kLanes + lane;
      if (channel < size(layer.out_channels)) {
        channels(vector)->set(lane, layer.requantization, channel, -layer.zero_point * sums[lane]);
      } else {
        channels(vector)->clear(lane);
      }
    }
  }

  /// The sum of each channel's weights: their dot product with ones.
  typename V::Vector weight_sums(std::size_t vector) const {
    using Vector = typename V::Vector;
    const Vector ones = sizeof(Activation) == 1 ? V::set8(1) : V::set16(1);
    const Weights weights = weights_of(vector);
    Vector sums = V::zero();
    for (std::size_t step = 0; step < steps; ++step) {
      const Vector of_step = V::load(weights.first + step * weights.pitch);
      sums = V::add32(sums, Dot::widen(Dot::step(V::zero(), ones, of_step)));
    }
    return sums;
  }

  /// Where a vector of channels has its weights.
  struct Weights {
    std::uint8_t* first;
    std::size_t pitch;  // bytes from one step to the next
  };
  Weights weights_of(std::size_t vector) const {
    const std::size_t first = vector / V::kTileVectors * V::kTileVectors;
    return {block(first) + (vector - first) * V::kBytes, block_vectors(first) * V::kBytes};
  }

  void fill_weights(const Packed& packed, std::size_t vector) const {
    using Vector = typename V::Vector;
    const Weights weights = weights_of(vector);
    std::uint8_t* const to = weights.first;
    const std::size_t step_bytes = weights.pitch;
    std::size_t step = 0;
    for (std::size_t offset = 0; offset < packed.row_bytes; offset += Packed::kPieceBytes) {
      Vector codes[4];
      packed.load(vector * V::kLanes, offset, codes);
      unrolled<Packed::kRuns>([&]<std::size_t kRun>() __attribute__((always_inline)) {
        if (step >= steps) return;
        Vector lanes[4];
        packed.template transposed<kRun>(codes, lanes);
        for (std::size_t i = 0; i < smaller(4, steps - step); ++i) {
          V::store(to + (step + i) * step_bytes, lanes[i]);
        }
        step += 4;
      });
    }
    // Whatever the activations beyond a window are, they meet zeros.
    if (const std::size_t last = window % kDepth; last > 0) {
      std::uint8_t* const last_step = to + (steps - 1) * step_bytes;
      const Vector kept = V::set32((1 << (last * 8 * sizeof(Weight))) - 1);
      V::store(last_step, V::bit_and(V::load(last_step), kept));
    }
  }

  std::size_t window;   // weights of one output channel
  std::size_t steps;    // of the dot product
  std::size_t vectors;  // of output channels
  std::uint8_t* constants;
};

}  // namespace coco_mcu::kernels::x86
