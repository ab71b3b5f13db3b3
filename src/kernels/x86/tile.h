// The inner loop of convolutions: a tile of pixels x output channels, summed up in registers.
// Freestanding.
#pragma once

#include "kernels/x86/panels.h"

namespace coco_mcu::kernels::x86 {

/// A run of windows and where its codes go.
template <class Activation>
struct Windows {
  const Activation* first;
  std::size_t pitch;  // activations from one window to the next
  std::size_t count;
  std::uint8_t* out;
  std::size_t out_pitch;  // bytes from one output pixel to the next
};

template <class V, int kBits>
struct Tiles {
  using Vector = typename V::Vector;
  using Dot = typename Panels<V, kBits>::Dot;
  using Activation = typename Dot::Activation;
  using Run = Windows<Activation>;
  static constexpr std::size_t kDepth = Panels<V, kBits>::kDepth;

  /// kPixels windows from `pixel` on x kVectors vectors of channels from the `vector`-th on. Not
  /// inlined: the registers are needed here.
  template <std::size_t kPixels, std::size_t kVectors>
  [[gnu::noinline]] static void tile(const Panels<V, kBits>& panels,
                                     const Requantizer<V>& requantizer, const Run& run,
                                     std::size_t pixel, std::size_t vector) {
    const Activation* x = run.first + pixel * run.pitch;
    const std::uint8_t* weights = panels.block(vector);
    Vector sums[kPixels * kVectors];
    add_steps<kPixels, kVectors>(x, run.pitch, weights, panels.steps, sums);
    store<kPixels, kVectors>(panels, requantizer, run, pixel, vector, sums);
  }

  /// The same for sums of more than Dot::kSteps steps.
  template <std::size_t kPixels, std::size_t kVectors>
  [[gnu::noinline]] static void long_tile(const Panels<V, kBits>& panels,
                                          const Requantizer<V>& requantizer, const Run& run,
                                          std::size_t pixel, std::size_t vector) {
    const Activation* x = run.first + pixel * run.pitch;
    const std::uint8_t* weights = panels.block(vector);
    Vector sums[kPixels * kVectors];
    add_steps<kPixels, kVectors>(x, run.pitch, weights, Dot::kSteps, sums);
    for (std::size_t done = Dot::kSteps; done < panels.steps; done += Dot::kSteps) {
      Vector more[kPixels * kVectors];
      add_steps<kPixels, kVectors>(x + done * kDepth, run.pitch,
                                   weights + done * kVectors * V::kBytes,
                                   smaller(panels.steps - done, Dot::kSteps), more);
      unrolled<kPixels * kVectors>([&]<std::size_t n>() __attribute__((always_inline)) {
        sums[n] = V::add32(sums[n], more[n]);
      });
    }
    store<kPixels, kVectors>(panels, requantizer, run, pixel, vector, sums);
  }

  template <std::size_t kPixels, std::size_t kVectors>
  [[gnu::always_inline]] static void store(const Panels<V, kBits>& panels,
                                           const Requantizer<V>& requantizer, const Run& run,
                                           std::size_t pixel, std::size_t vector,
                                           const Vector (&sums)[kPixels * kVectors]) {
    const std::size_t channel = vector * V::kLanes;
    const std::size_t count = smaller(kVectors * V::kLanes, run.out_pitch - channel);
    unrolled<kPixels>([&]<std::size_t i>() __attribute__((always_inline)) {
      Vector codes[kVectors];
      unrolled<kVectors>([&]<std::size_t j>() __attribute__((always_inline)) {
        codes[j] = requantizer.scaled(sums[i * kVectors + j], *panels.channels(vector + j));
      });
      V::store_codes(run.out + (pixel + i) * run.out_pitch + channel, codes, requantizer.low,
                     requantizer.high, count);
    });
  }

  /// As many steps, at least one, as one partial sum may take.
  template <std::size_t kPixels, std::size_t kVectors>
  [[gnu::always_inline]] static void add_steps(const Activation* x, std::size_t pitch,
                                               const std::uint8_t* weights, std::size_t steps,
                                               Vector (&sums)[kPixels * kVectors]) {
    Vector partial[kPixels * kVectors];
    unrolled<kPixels * kVectors>([&]<std::size_t n>()
                                     __attribute__((always_inline)) { partial[n] = V::zero(); });
    do {
      Vector w[kVectors];
      unrolled<kVectors>([&]<std::size_t j>() __attribute__((always_inline)) {
        w[j] = V::load(weights + j * V::kBytes);
      });
      unrolled<kPixels>([&]<std::size_t i>() __attribute__((always_inline)) {
        const Vector a = V::broadcast32(x + i * pitch);
        unrolled<kVectors>([&]<std::size_t j>() __attribute__((always_inline)) {
          Vector& sum = partial[i * kVectors + j];
          sum = Dot::step(sum, a, w[j]);
        });
      });
      x += kDepth;
      weights += kVectors * V::kBytes;
    } while (--steps > 0);
    unrolled<kPixels * kVectors>([&]<std::size_t n>() __attribute__((always_inline)) {
      sums[n] = Dot::widen(partial[n]);
    });
  }

  /// All windows x one block. The last tile reaches back: what it makes a second time is the same.
  template <std::size_t kPixels, std::size_t kVectors>
  static void block(const Panels<V, kBits>& panels, const Requantizer<V>& requantizer,
                    const Run& run, std::size_t vector) {
    if constexpr (kPixels > 1) {
      if (run.count < kPixels) {
        return block<kPixels / 2, kVectors>(panels, requantizer, run, vector);
      }
    }
    const auto make =
        panels.steps <= Dot::kSteps ? tile<kPixels, kVectors> : long_tile<kPixels, kVectors>;
    std::size_t pixel = 0;
    for (; pixel + kPixels < run.count; pixel += kPixels) {
      make(panels, requantizer, run, pixel, vector);
    }
    make(panels, requantizer, run, run.count - kPixels, vector);
  }

  template <std::size_t kVectors = V::kTileVectors>
  static void block_of(std::size_t vectors, const Panels<V, kBits>& panels,
                       const Requantizer<V>& requantizer, const Run& run, std::size_t vector) {
    if constexpr (kVectors > 1) {
      if (vectors < kVectors) {
        return block_of<kVectors - 1>(vectors, panels, requantizer, run, vector);
      }
    }
    block<V::kTilePixels, kVectors>(panels, requantizer, run, vector);
  }

  static void all(const Panels<V, kBits>& panels, const Requantizer<V>& requantizer,
                  const Run& run) {
    for (std::size_t vector = 0; vector < panels.vectors; vector += V::kTileVectors) {
      block_of(panels.block_vectors(vector), panels, requantizer, run, vector);
    }
  }
};

}  // namespace coco_mcu::kernels::x86
