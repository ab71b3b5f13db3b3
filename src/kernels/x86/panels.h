// A convolution's weights in the order in which tiles read them. Freestanding.
#pragma once

#include <cstring>

#include "kernels/x86/requantize.h"

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
    const std::size_t row_bytes = (window * kBits + 7) / 8;
    auto* row = reinterpret_cast<Weight*>(windows());
    auto* unpacked = reinterpret_cast<std::int8_t*>(row + pitch());
    for (std::size_t channel = 0; channel < vectors * V::kLanes; ++channel) {
      Channels<V>& of_vector = *channels(channel / V::kLanes);
      std::memset(unpacked, 0, pitch());
      if (channel < size(layer.out_channels)) {
        core::unpack_weights(layer.format, layer.weights + channel * row_bytes, window, unpacked);
        of_vector.set(channel % V::kLanes, layer.requantization, channel);
      } else {
        of_vector.clear(channel % V::kLanes);
      }
      for (std::size_t i = 0; i < pitch(); ++i) row[i] = unpacked[i];
      fill_channel(row, channel);
    }
  }

  void fill_channel(const Weight* row, std::size_t channel) const {
    const std::size_t vector = channel / V::kLanes;
    const std::size_t first = vector / V::kTileVectors * V::kTileVectors;
    const std::size_t pitch_bytes = block_vectors(first) * V::kBytes;
    std::uint8_t* to =
        block(first) + (vector - first) * V::kBytes + channel % V::kLanes * sizeof(std::int32_t);
    const Weight* const end = row + pitch();
    for (; row < end; row += kDepth, to += pitch_bytes) {
      std::memcpy(to, row, kDepth * sizeof(Weight));
    }
  }

  std::size_t window;   // weights of one output channel
  std::size_t steps;    // of the dot product
  std::size_t vectors;  // of output channels
  std::uint8_t* constants;
};

}  // namespace coco_mcu::kernels::x86
