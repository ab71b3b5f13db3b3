// Convolutions as products of a matrix of windows and a matrix of weights. Freestanding.
//
// Windows are taken a chunk at a time, so that weights serve many pixels while they are in the
// cache. Where a pixel is a window and its codes can be multiplied as they are, it stays where it
// is; other windows are copied to scratch.
#pragma once

#include <cstring>

#include "kernels/x86/lookup.h"
#include "kernels/x86/tile.h"

namespace coco_mcu::kernels::x86 {

template <class V, int kBits>
struct WindowConvolution {
  using Weights = Panels<V, kBits>;
  using Activation = typename Weights::Activation;

  static std::size_t scratch_bytes(const Convolution& layer) { return Weights(layer).bytes(); }

  static void prepare(const Convolution& layer, std::uint8_t* scratch) {
    Weights(layer, scratch).fill(layer);
  }

  /// 1x1, stride 1.
  static void pointwise_row(const Convolution& layer, std::uint8_t* scratch, WindowRows rows,
                            std::uint8_t* out) {
    const Weights weights(layer, scratch);
    const std::uint8_t* end = rows[0] + size(layer.in_width) * weights.window;
    in_chunks(layer, weights, out, [&](std::size_t pixel, std::size_t count) {
      const std::uint8_t* x = rows[0] + pixel * weights.window;
      if constexpr (sizeof(Activation) == 1) {
        if (weights.window == weights.pitch()) return x;
      }
      Activation* to = weights.windows();
      for (std::size_t i = 0; i < count; ++i) {
        copy_codes(x + i * weights.window, weights.window, end, to + i * weights.pitch());
      }
      return static_cast<const Activation*>(to);
    });
  }

  /// Any kernel, stride and padding.
  static void row(const Convolution& layer, std::uint8_t* scratch, WindowRows rows,
                  std::uint8_t* out) {
    const Weights weights(layer, scratch);
    const std::size_t pitch = weights.pitch();
    const std::ptrdiff_t last = last_whole_window(layer, rows);
    in_chunks(layer, weights, out, [&](std::size_t pixel, std::size_t count) {
      Activation* to = weights.windows();
      for (const std::size_t end = pixel + count; pixel < end; ++pixel, to += pitch) {
        const auto left = static_cast<std::ptrdiff_t>(pixel * size(layer.stride)) - layer.padding;
        if (left >= 0 && left <= last) {
          copy_whole_window(layer, rows, left, to);
        } else {
          copy_window(layer, rows, static_cast<std::int32_t>(left), to);
        }
      }
      return static_cast<const Activation*>(weights.windows());
    });
  }

 private:
  /// Calls windows_at(first pixel, count) for each chunk and multiplies what it returns.
  template <class WindowsAt>
  static void in_chunks(const Convolution& layer, const Weights& weights, std::uint8_t* out,
                        const WindowsAt& windows_at) {
    const Requantizer<V> requantizer(layer.requantization);
    const auto width = size(layer.out_width);
    const auto channels = size(layer.out_channels);
    for (std::size_t pixel = 0; pixel < width; pixel += Weights::kChunkPixels) {
      const std::size_t count = smaller(Weights::kChunkPixels, width - pixel);
      std::uint8_t* codes = out + pixel * channels;
      Tiles<V, kBits>::all(weights, requantizer,
                           {windows_at(pixel, count), weights.pitch(), count, codes, channels});
      if (layer.requantization.table != nullptr) {
        lookup<V>(layer.requantization.table, codes, count * channels, codes);
      }
    }
  }

  /// The last column where a window can begin whose rows are copied in whole pieces; -1 if none.
  static std::ptrdiff_t last_whole_window(const Convolution& layer, WindowRows rows) {
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      if (rows[ky] == nullptr) return -1;
    }
    const auto channels = size(layer.in_channels);
    const std::size_t row = size(layer.in_width) * channels;
    const std::size_t window_row = round_up(size(layer.kernel) * channels, Weights::kSlack);
    return row < window_row ? -1 : static_cast<std::ptrdiff_t>((row - window_row) / channels);
  }

  static void copy_whole_window(const Convolution& layer, WindowRows rows, std::ptrdiff_t left,
                                Activation* to) {
    const std::size_t kernel = size(layer.kernel);
    const std::size_t count = kernel * size(layer.in_channels);
    const std::size_t offset = static_cast<std::size_t>(left) * size(layer.in_channels);
    for (std::size_t ky = 0; ky < kernel; ++ky, to += count) {
      std::size_t i = 0;
      do {
        copy_piece(rows[ky] + offset + i, to + i);
        i += Weights::kSlack;
      } while (i < count);
    }
  }

  static void copy_window(const Convolution& layer, WindowRows rows, std::int32_t left,
                          Activation* to) {
    const auto channels = size(layer.in_channels);
    const std::int32_t right = left + layer.kernel;
    const std::int32_t from = left < 0 ? 0 : left;
    const std::int32_t until = right > layer.in_width ? layer.in_width : right;
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky, to += size(layer.kernel) * channels) {
      if (rows[ky] == nullptr || from >= until) {
        fill_codes(to, size(layer.kernel) * channels, padding_code(layer));
        continue;
      }
      const std::uint8_t* end = rows[ky] + size(layer.in_width) * channels;
      fill_codes(to, size(from - left) * channels, padding_code(layer));
      copy_codes(rows[ky] + size(from) * channels, size(until - from) * channels, end,
                 to + size(from - left) * channels);
      fill_codes(to + size(until - left) * channels, size(right - until) * channels,
                 padding_code(layer));
    }
  }

  static void fill_codes(Activation* to, std::size_t count, std::uint8_t code) {
    for (std::size_t i = 0; i < count; ++i) to[i] = code;
  }

  /// Pieces of 16 as long as they lie before `end`: up to kSlack activations beyond `count` may be
  /// written. Those belong to a window that is copied later, or meet weights of zero.
  static void copy_codes(const std::uint8_t* from, std::size_t count, const std::uint8_t* end,
                         Activation* to) {
    std::size_t i = 0;
    for (; i < count && static_cast<std::size_t>(end - from) >= i + Weights::kSlack;
         i += Weights::kSlack) {
      copy_piece(from + i, to + i);
    }
    for (; i < count; ++i) to[i] = from[i];
  }

  static void copy_piece(const std::uint8_t* from, Activation* to) {
    if constexpr (sizeof(Activation) == 1) {
      std::memcpy(to, from, Weights::kSlack);
    } else {
      constexpr std::size_t kHalf = V::kBytes / 2;
      for (std::size_t i = 0; i < Weights::kSlack; i += kHalf) {
        V::store(to + i, V::load_widened(from + i));
      }
    }
  }
};

}  // namespace coco_mcu::kernels::x86
