// Convolutions of a single pixel: dot products that read packed weights as they are. Freestanding.
//
// A byte of 2-bit weights holds the codes of four neighbouring inputs. So the inputs are dealt out
// to four planes first, and the codes of a vector of bytes that stand at the same bits meet a
// vector of one plane. Codes mean w = origin + step * code, hence
//   sum(x * w) = origin * sum(x) + step * sum(x * code).
#pragma once

#include <cstring>

#include "kernels/x86/lookup.h"

namespace coco_mcu::kernels::x86 {

template <class V, int kBits>
struct FullyConnected {
  using Vector = typename V::Vector;
  static constexpr bool kIsPacked = kBits < 8;
  static constexpr int kLargestCode = kIsPacked ? (1 << kBits) - 1 : 128;
  using Dot = typename V::template Dot<kLargestCode>;
  using Activation = typename Dot::Activation;

  static constexpr std::size_t kPlanes = 8 / kBits;
  /// Bytes of packed weights that are multiplied at a time: one for each lane of activations.
  static constexpr std::size_t kPiece = V::kBytes / sizeof(Activation);

  struct Scratch {
    explicit Scratch(const Convolution& layer, std::uint8_t* at = nullptr)
        : row_bytes((size(layer.in_channels) * kBits + 7) / 8),
          plane_size(round_up(row_bytes, kPiece)),
          vectors(quotient_up(size(layer.out_channels), V::kLanes)),
          memory(at) {}

    std::size_t bytes() const {
      return vectors * sizeof(Channels<V>) + kPlanes * plane_size * sizeof(Activation);
    }
    Channels<V>* channels(std::size_t vector) const {
      return reinterpret_cast<Channels<V>*>(memory) + vector;
    }
    Activation* plane(std::size_t index) const {
      return reinterpret_cast<Activation*>(memory + vectors * sizeof(Channels<V>)) +
             index * plane_size;
    }

    std::size_t row_bytes;   // packed weights of one output channel
    std::size_t plane_size;  // activations of one plane
    std::size_t vectors;     // of output channels
    std::uint8_t* memory;
  };

  static std::size_t scratch_bytes(const Convolution& layer) { return Scratch(layer).bytes(); }

  static void prepare(const Convolution& layer, std::uint8_t* at) {
    const Scratch scratch(layer, at);
    const Products weight_sums(layer, scratch, [](std::size_t) { return std::uint8_t{1}; });
    for (std::size_t channel = 0; channel < scratch.vectors * V::kLanes; ++channel) {
      Channels<V>& of_vector = *scratch.channels(channel / V::kLanes);
      if (channel < size(layer.out_channels)) {
        const std::int32_t sum =
            layer.zero_point == 0 ? 0 : static_cast<std::int32_t>(weight_sums.of(channel));
        of_vector.set(channel % V::kLanes, layer.requantization, channel, -layer.zero_point * sum);
      } else {
        of_vector.clear(channel % V::kLanes);
      }
    }
  }

  static void row(const Convolution& layer, std::uint8_t* at, WindowRows rows, std::uint8_t* out) {
    const Scratch scratch(layer, at);
    const Requantizer<V> requantizer(layer.requantization);
    const auto channels = size(layer.out_channels);
    const Products products(layer, scratch, [x = rows[0]](std::size_t i) { return x[i]; });
    for (std::size_t first = 0; first < channels; first += V::kLanes) {
      const std::size_t count = smaller(V::kLanes, channels - first);
      std::uint32_t sums[V::kLanes] = {};
      for (std::size_t i = 0; i < count; ++i) sums[i] = products.of(first + i);
      const Vector codes[] = {
          requantizer.scaled(V::load(sums), *scratch.channels(first / V::kLanes))};
      V::store_codes(out + first, codes, requantizer.low, requantizer.high, count);
    }
    if (layer.requantization.table != nullptr) {
      lookup<V>(layer.requantization.table, out, channels, out);
    }
  }

 private:
  /// What codes mean; those of 8 bits are made signed weights on the way.
  struct Meaning {
    explicit Meaning(core::WeightFormat format) {
      using enum core::WeightFormat;
      if (format == kTernary2) set<kTernary2>();
      if (format == kFourLevel2) set<kFourLevel2>();
      if (format == kSigned4) set<kSigned4>();
    }
    template <core::WeightFormat kFormat>
    void set() {
      constexpr int kOrigin = core::weight_origin(kFormat);
      constexpr int kStep = core::weight_step(kFormat);
      origin = static_cast<std::uint32_t>(kOrigin);
      step = static_cast<std::uint32_t>(kStep);
    }
    std::uint32_t origin = 0;
    std::uint32_t step = 1;
  };

  /// Of inputs, dealt out to the planes, with rows of weights. Unsigned, as parts may wrap.
  struct Products {
    template <class CodeAt>
    Products(const Convolution& of_layer, const Scratch& planes, const CodeAt& code_at)
        : layer(of_layer),
          scratch(planes),
          codes_mean(layer.format),
          origin_sum(codes_mean.origin * deal(size(layer.in_channels), scratch, code_at)),
          end(layer.weights + size(layer.out_channels) * scratch.row_bytes) {}

    std::uint32_t of(std::size_t channel) const {
      const std::uint8_t* weights = layer.weights + channel * scratch.row_bytes;
      return origin_sum + codes_mean.step * static_cast<std::uint32_t>(dot(scratch, weights, end));
    }

    const Convolution& layer;
    const Scratch& scratch;
    Meaning codes_mean;
    std::uint32_t origin_sum;
    const std::uint8_t* end;  // of all weights
  };

  /// Fills the planes with code_at(i) and returns the sum.
  template <class CodeAt>
  static std::uint32_t deal(std::size_t count, const Scratch& scratch, const CodeAt& code_at) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += code_at(i);
    for (std::size_t p = 0; p < kPlanes; ++p) {
      Activation* plane = scratch.plane(p);
      std::size_t i = 0;
      for (; i * kPlanes + p < count; ++i) plane[i] = code_at(i * kPlanes + p);
      for (; i < scratch.plane_size; ++i) plane[i] = 0;
    }
    return sum;
  }

  /// A piece of packed weights from a place before `end`.
  static Vector load_piece(const std::uint8_t* from, const std::uint8_t* end) {
    const auto left = static_cast<std::size_t>(end - from);
    if constexpr (sizeof(Activation) == 1) {
      return left >= kPiece ? V::load(from) : V::load_partial(from, left);
    } else {
      if (left >= kPiece) return V::load_widened(from);
      std::uint8_t piece[kPiece] = {};
      std::memcpy(piece, from, left);
      return V::load_widened(piece);
    }
  }

  /// The weights of a piece that belong to one plane.
  template <int kPlane>
  static Vector plane_weights(Vector piece) {
    if constexpr (kIsPacked) {
      return V::bit_and(V::template shift_right_unsigned16<kPlane * kBits>(piece),
                        V::set8(kLargestCode));
    } else if constexpr (sizeof(Activation) == 1) {
      return V::bit_xor(piece, V::set8(128));
    } else {
      return V::subtract16(piece, V::set16(128));
    }
  }

  template <int kPlane = 0>
  static Vector add_planes(Vector sum, Vector piece, const Activation* x, std::size_t plane) {
    sum = Dot::step(sum, V::load(x), plane_weights<kPlane>(piece));
    if constexpr (kPlane + 1 < static_cast<int>(kPlanes)) {
      return add_planes<kPlane + 1>(sum, piece, x + plane, plane);
    }
    return sum;
  }

  static std::int32_t dot(const Scratch& scratch, const std::uint8_t* weights,
                          const std::uint8_t* end) {
    constexpr std::size_t kPieces = Dot::kSteps / kPlanes;  // into one partial sum
    static_assert(kPieces > 0);
    Vector sum = V::zero();
    for (std::size_t i = 0; i < scratch.plane_size;) {
      const std::size_t stop =
          scratch.plane_size - i > kPieces * kPiece ? i + kPieces * kPiece : scratch.plane_size;
      Vector partial = V::zero();
      for (; i < stop; i += kPiece) {
        partial = add_planes(partial, load_piece(weights + i, end), scratch.plane(0) + i,
                             scratch.plane_size);
      }
      sum = V::add32(sum, Dot::widen(partial));
    }
    return V::sum(sum);
  }
};

}  // namespace coco_mcu::kernels::x86
