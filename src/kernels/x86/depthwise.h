// Depthwise convolutions, a vector of channels at a time. Freestanding.
//
// Bytes of two taps are interleaved, so that pmaddubsw multiplies both by their weights and adds
// the products into an int16 for each channel; 16 taps of weights up to 8 stay exact there. A
// weight of 8 bits is w = 16 * high + low with both parts within -8..8, summed up apart.
#pragma once

#include <cstring>
#include <utility>

#include "kernels/x86/lookup.h"
#include "kernels/x86/panels.h"

namespace coco_mcu::kernels::x86 {

/// The sum of a window for one vector of bytes.
template <class V, int kBits, int kKernel>
struct DepthwiseWindow {
  using Vector = typename V::Vector;
  static constexpr std::size_t kTaps = std::size_t{kKernel} * kKernel;
  static constexpr std::size_t kPairs = (kTaps + 1) / 2;
  static constexpr std::size_t kParts = kBits == 8 ? 2 : 1;
  static constexpr int kLargestPart = kBits == 8 ? 8 : kLargestWeight<kBits>;
  /// Pairs of taps whose sum is exact in int16.
  static constexpr std::size_t kExactPairs = 32767 / (2 * 255 * kLargestPart);

  /// For each part and each half of the unpacked bytes: weights of pairs of taps.
  struct Pair {
    std::int8_t weights[kParts][2][V::kBytes];
  };
  /// Everything that belongs to one vector of channels.
  struct Constants {
    Pair pairs[kPairs];
    Channels<V> channels[4];
  };

  /// `tap` says where the codes of a tap stand.
  template <std::size_t kFirstPair = 0, class Tap>
  static void add_up(const Constants& constants, const Tap& tap, Vector (&sums)[4]) {
    constexpr std::size_t kCount = smaller(kExactPairs, kPairs - kFirstPair);
    Vector partial[kParts][2];
    [&]<std::size_t... kPair>(std::index_sequence<kPair...>) {
      (add_pair<kFirstPair + kPair, kPair == 0>(constants, tap, partial), ...);
    }
    (std::make_index_sequence<kCount>());
    // Lanes of 16 bits side by side: 16 * high + 1 * low, or 1 * sum + 0 * sum.
    const Vector factors = V::set32(kParts == 2 ? 0x00010010 : 0x00000001);
    for (std::size_t half = 0; half < 2; ++half) {
      const Vector a = partial[0][half];
      const Vector b = partial[kParts - 1][half];
      const Vector low = V::multiply_pairs16(V::unpack_low16(a, b), factors);
      const Vector high = V::multiply_pairs16(V::unpack_high16(a, b), factors);
      sums[2 * half] = kFirstPair == 0 ? low : V::add32(sums[2 * half], low);
      sums[2 * half + 1] = kFirstPair == 0 ? high : V::add32(sums[2 * half + 1], high);
    }
    if constexpr (kFirstPair + kCount < kPairs) {
      add_up<kFirstPair + kCount>(constants, tap, sums);
    }
  }

  template <std::size_t kPair, bool kIsFirst, class Tap>
  static void add_pair(const Constants& constants, const Tap& tap, Vector (&partial)[kParts][2]) {
    const Vector a = V::load(tap(2 * kPair));
    const Vector b = 2 * kPair + 1 < kTaps ? V::load(tap(2 * kPair + 1)) : V::zero();
    const Vector halves[2] = {V::unpack_low8(a, b), V::unpack_high8(a, b)};
    for (std::size_t part = 0; part < kParts; ++part) {
      for (std::size_t half = 0; half < 2; ++half) {
        const Vector products =
            V::multiply_pairs8(halves[half], V::load(constants.pairs[kPair].weights[part][half]));
        partial[part][half] = kIsFirst ? products : V::add16(partial[part][half], products);
      }
    }
  }

  /// Interleaves and splits weights[tap][byte], with a row of zeros after an odd last tap.
  static void set_weights(Constants& constants,
                          const std::int8_t (&weights)[2 * kPairs][V::kBytes]) {
    for (std::size_t pair = 0; pair < kPairs; ++pair) {
      const Vector a = V::load(weights[2 * pair]);
      const Vector b = V::load(weights[2 * pair + 1]);
      const Vector halves[2] = {V::unpack_low8(a, b), V::unpack_high8(a, b)};
      for (std::size_t half = 0; half < 2; ++half) {
        auto& parts = constants.pairs[pair].weights;
        V::store(parts[0][half], halves[half]);
        if (kParts == 2) split(parts[0][half], parts[kParts - 1][half]);
      }
    }
  }

  static void split(std::int8_t (&high)[V::kBytes], std::int8_t (&low)[V::kBytes]) {
    for (std::size_t i = 0; i < V::kBytes; ++i) {
      const int w = high[i];
      low[i] = static_cast<std::int8_t>(((w + 8) & 15) - 8);
      high[i] = static_cast<std::int8_t>((w + 8) >> 4);
    }
  }

  /// Byte `byte` of the vector is channel `channel`.
  static void set_channel(Constants& constants, std::size_t byte, const core::Requantization& rule,
                          std::size_t channel, std::int32_t start) {
    constants.channels[byte % 16 / 4].set(byte / 16 * 4 + byte % 4, rule, channel, start);
  }
};

template <class V, int kBits, int kKernel>
struct Depthwise {
  using Vector = typename V::Vector;
  using Window = DepthwiseWindow<V, kBits, kKernel>;
  using Constants = typename Window::Constants;
  static constexpr std::size_t kRowBytes = (Window::kTaps * kBits + 7) / 8;

  /// Several pixels of few channels share a vector where they stand side by side.
  struct Scratch {
    explicit Scratch(const Convolution& layer, std::uint8_t* at = nullptr)
        : channels(size(layer.in_channels)),
          vectors(quotient_up(channels, V::kBytes)),
          group(channels < V::kBytes && layer.stride == 1 ? V::kBytes / channels : 1),
          tap_bytes(larger(channels, V::kBytes)),
          row_bytes(size(layer.in_width) * channels),
          memory(at) {}

    std::size_t bytes() const {
      return vectors * sizeof(Constants) + Window::kTaps * tap_bytes + row_bytes;
    }
    Constants& constants(std::size_t vector) const {
      return reinterpret_cast<Constants*>(memory)[vector];
    }
    /// A window at an edge: all taps of a group of pixels.
    std::uint8_t* patch() const { return memory + vectors * sizeof(Constants); }
    std::uint8_t* padding_row() const { return patch() + Window::kTaps * tap_bytes; }
    /// The first channel of a vector; the last vector of many channels reaches back.
    std::size_t first_channel(std::size_t vector) const {
      return vectors == 1 && channels < V::kBytes
                 ? 0
                 : smaller(vector * V::kBytes, channels - V::kBytes);
    }

    std::size_t channels;
    std::size_t vectors;  // of one pixel's channels
    std::size_t group;    // pixels of a vector
    std::size_t tap_bytes;
    std::size_t row_bytes;
    std::uint8_t* memory;
  };

  static std::size_t scratch_bytes(const Convolution& layer) { return Scratch(layer).bytes(); }

  static void prepare(const Convolution& layer, std::uint8_t* at) {
    const Scratch scratch(layer, at);
    std::memset(at, 0, scratch.vectors * sizeof(Constants));
    std::memset(scratch.padding_row(), padding_code(layer), scratch.row_bytes);
    const std::size_t count = smaller(V::kBytes, scratch.channels);
    for (std::size_t vector = 0; vector < scratch.vectors; ++vector) {
      const std::size_t first = scratch.first_channel(vector);
      std::int8_t weights[2 * Window::kPairs][V::kBytes] = {};
      for (std::size_t i = 0; i < count; ++i) {
        std::int8_t of_channel[Window::kTaps];
        core::unpack_weights(layer.format, layer.weights + (first + i) * kRowBytes, Window::kTaps,
                             of_channel);
        std::int32_t sum = 0;
        for (const std::int32_t weight : of_channel) sum += weight;
        const std::int32_t start = -layer.zero_point * sum;
        for (std::size_t byte = i; byte < scratch.group * count; byte += count) {
          Window::set_channel(scratch.constants(vector), byte, layer.requantization, first + i,
                              start);
          for (std::size_t tap = 0; tap < Window::kTaps; ++tap) {
            weights[tap][byte] = of_channel[tap];
          }
        }
      }
      Window::set_weights(scratch.constants(vector), weights);
    }
  }

  static void row(const Convolution& layer, std::uint8_t* at, WindowRows window_rows,
                  std::uint8_t* out) {
    const Scratch scratch(layer, at);
    const Requantizer<V> requantizer(layer.requantization);
    const std::uint8_t* rows[kKernel];
    for (std::size_t ky = 0; ky < kKernel; ++ky) {
      rows[ky] = window_rows[ky] == nullptr ? scratch.padding_row() : window_rows[ky];
    }
    const auto width = size(layer.out_width);
    const std::size_t left = smaller(quotient_up(size(layer.padding), size(layer.stride)), width);
    const std::size_t inside = groups_inside(layer, scratch, left);
    std::size_t pixel = 0;
    for (; pixel < left; pixel += 1) edge(layer, scratch, requantizer, rows, pixel, 1, out);
    if (inside > 0) {
      for (std::size_t vector = 0; vector < scratch.vectors; ++vector) {
        span(layer, scratch, requantizer, rows, left, inside, vector, out);
      }
    }
    pixel += inside * scratch.group;
    while (pixel < width) {
      const std::size_t count = smaller(scratch.group, width - pixel);
      edge(layer, scratch, requantizer, rows, pixel, count, out);
      pixel += count;
    }
    if (layer.requantization.table != nullptr) {
      lookup<V>(layer.requantization.table, out, width * scratch.channels, out);
    }
  }

 private:
  /// Groups of pixels from the `left`-th on whose windows can be loaded from the rows as they are.
  static std::size_t groups_inside(const Convolution& layer, const Scratch& scratch,
                                   std::size_t left) {
    const std::size_t pitch = scratch.group * size(layer.stride) * scratch.channels;
    const std::size_t first = (left * size(layer.stride) - size(layer.padding)) * scratch.channels;
    const std::size_t last_tap = first + (kKernel - 1) * scratch.channels;
    if (last_tap + scratch.tap_bytes > scratch.row_bytes) return 0;
    const std::size_t fitting = (scratch.row_bytes - last_tap - scratch.tap_bytes) / pitch + 1;
    return smaller(fitting, (size(layer.out_width) - left) / scratch.group);
  }

  /// `groups` groups of pixels from the `left`-th pixel on.
  static void span(const Convolution& layer, const Scratch& scratch,
                   const Requantizer<V>& requantizer, const std::uint8_t* const (&rows)[kKernel],
                   std::size_t left, std::size_t groups, std::size_t vector, std::uint8_t* out) {
    const Constants& constants = scratch.constants(vector);
    const std::size_t channel = scratch.first_channel(vector);
    const std::size_t pitch = scratch.group * size(layer.stride) * scratch.channels;
    const std::size_t out_pitch = scratch.group * scratch.channels;
    const std::size_t tap_pitch = scratch.channels;
    std::size_t offset =
        (left * size(layer.stride) - size(layer.padding)) * scratch.channels + channel;
    const std::uint8_t* end = out + size(layer.out_width) * scratch.channels;
    out += left * scratch.channels + channel;
    for (std::size_t i = 0; i < groups; ++i, offset += pitch, out += out_pitch) {
      const auto tap = [&](std::size_t t) {
        return rows[t / kKernel] + offset + t % kKernel * tap_pitch;
      };
      Vector sums[4];
      Window::add_up(constants, tap, sums);
      const Vector codes = requantizer.codes(sums, constants.channels);
      // What lies beyond the group's channels is overwritten by the next.
      const auto room = static_cast<std::size_t>(end - out);
      if (room >= V::kBytes) {
        V::store(out, codes);
      } else {
        V::store_partial(out, codes, smaller(room, out_pitch));
      }
    }
  }

  /// `count` pixels whose windows reach into the padding or whose vectors beyond the row.
  static void edge(const Convolution& layer, const Scratch& scratch,
                   const Requantizer<V>& requantizer, const std::uint8_t* const (&rows)[kKernel],
                   std::size_t pixel, std::size_t count, std::uint8_t* out) {
    const std::size_t channels = scratch.channels;
    for (std::size_t t = 0; t < Window::kTaps; ++t) {
      for (std::size_t i = 0; i < count; ++i) {
        const std::int32_t column = static_cast<std::int32_t>(pixel + i) * layer.stride -
                                    layer.padding + static_cast<std::int32_t>(t % kKernel);
        std::uint8_t* to = scratch.patch() + t * scratch.tap_bytes + i * channels;
        if (column < 0 || column >= layer.in_width) {
          std::memset(to, padding_code(layer), channels);
        } else {
          std::memcpy(to, rows[t / kKernel] + size(column) * channels, channels);
        }
      }
    }
    const auto tap = [&](std::size_t channel) {
      return [&scratch, channel](std::size_t t) {
        return scratch.patch() + t * scratch.tap_bytes + channel;
      };
    };
    out += pixel * channels;
    for (std::size_t vector = 0; vector < scratch.vectors; ++vector) {
      const std::size_t channel = scratch.first_channel(vector);
      Vector sums[4];
      Window::add_up(scratch.constants(vector), tap(channel), sums);
      const Vector codes = requantizer.codes(sums, scratch.constants(vector).channels);
      if (count * channels >= V::kBytes) {
        V::store(out + channel, codes);
      } else {
        V::store_partial(out, codes, count * channels);
      }
    }
  }
};

}  // namespace coco_mcu::kernels::x86
