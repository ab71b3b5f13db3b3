// What goes code by code or pixel by pixel. Freestanding.
#pragma once

#include <cstring>

#include "kernels/reference/reference.h"
#include "kernels/x86/lookup.h"

namespace coco_mcu::kernels::x86 {

/// Requantizes products or sums of two rows, a vector at a time; x may be out.
template <class V>
struct Elementwise {
  using Vector = typename V::Vector;

  /// `start` is added to each accumulator.
  explicit Elementwise(const core::Requantization& rule, std::int32_t start = 0)
      : requantizer(rule), table(rule.table) {
    for (std::size_t lane = 0; lane < V::kLanes; ++lane) {
      for (Channels<V>& quarter : channels) quarter.set(lane, rule, 0, start);
    }
  }

  /// make_sums(x, y, sums) makes four vectors of accumulators in the order of unpacking;
  /// load_y(i, count) loads the partners of `count` <= kBytes codes from x[i] on.
  template <class MakeSums, class LoadY>
  void operator()(const std::uint8_t* x, std::size_t count, std::uint8_t* out,
                  const MakeSums& make_sums, const LoadY& load_y) const {
    std::size_t i = 0;
    for (; i + V::kBytes <= count; i += V::kBytes) {
      Vector sums[4];
      make_sums(V::load(x + i), load_y(i, V::kBytes), sums);
      V::store(out + i, requantizer.codes(sums, channels));
    }
    if (i < count) {
      Vector sums[4];
      make_sums(V::load_partial(x + i, count - i), load_y(i, count - i), sums);
      V::store_partial(out + i, requantizer.codes(sums, channels), count - i);
    }
    if (table != nullptr) lookup<V>(table, out, count, out);
  }

  Requantizer<V> requantizer;
  Channels<V> channels[4];
  const std::uint8_t* table;
};

template <class V>
void add(const Add& layer, const std::uint8_t* x, const std::uint8_t* y, std::size_t count,
         std::uint8_t* out) {
  using Vector = typename V::Vector;
  const std::int32_t start =
      -layer.zero_points[0] * layer.factors[0] - layer.zero_points[1] * layer.factors[1];
  const Elementwise<V> elementwise(layer.requantization, start);
  std::int32_t factors;
  std::memcpy(&factors, layer.factors, sizeof factors);
  const auto make_sums = [factors](Vector a, Vector b, Vector(&sums)[4]) {
    const Vector low = V::unpack_low8(a, b);
    const Vector high = V::unpack_high8(a, b);
    sums[0] = V::multiply_pairs16(V::unpack_low8(low, V::zero()), V::set32(factors));
    sums[1] = V::multiply_pairs16(V::unpack_high8(low, V::zero()), V::set32(factors));
    sums[2] = V::multiply_pairs16(V::unpack_low8(high, V::zero()), V::set32(factors));
    sums[3] = V::multiply_pairs16(V::unpack_high8(high, V::zero()), V::set32(factors));
  };
  elementwise(x, count, out, make_sums, [y](std::size_t i, std::size_t needed) {
    return needed == V::kBytes ? V::load(y + i) : V::load_partial(y + i, needed);
  });
}

/// Multiplies a run of pixels by one pixel: its codes are repeated until they fill the vector that
/// begins with the last of them.
template <class V>
struct Multiplier {
  using Vector = typename V::Vector;
  static constexpr std::size_t kMostChannels = 1024;

  explicit Multiplier(const Multiply& layer)
      : elementwise(layer.requantization),
        zero_point(V::set16(static_cast<std::int16_t>(layer.zero_point))),
        by_zero_point(V::set16(static_cast<std::int16_t>(layer.by_zero_point))),
        channels(size(layer.channels)) {}

  void operator()(const std::uint8_t* x, std::size_t pixels, const std::uint8_t* by,
                  std::uint8_t* out) {
    std::memcpy(repeated, by, channels);
    for (std::size_t i = 0; i + 1 < V::kBytes; ++i) repeated[channels + i] = repeated[i];
    const auto make_sums = [this](Vector a, Vector b, Vector(&sums)[4]) {
      multiply(V::unpack_low8(a, V::zero()), V::unpack_low8(b, V::zero()), sums[0], sums[1]);
      multiply(V::unpack_high8(a, V::zero()), V::unpack_high8(b, V::zero()), sums[2], sums[3]);
    };
    elementwise(x, pixels * channels, out, make_sums,
                [this](std::size_t i, std::size_t) { return V::load(repeated + i % channels); });
  }

  void multiply(Vector a, Vector b, Vector& low_sums, Vector& high_sums) const {
    a = V::subtract16(a, zero_point);
    b = V::subtract16(b, by_zero_point);
    const Vector low = V::multiply_low16(a, b);
    const Vector high = V::multiply_high16(a, b);
    low_sums = V::unpack_low16(low, high);
    high_sums = V::unpack_high16(low, high);
  }

  Elementwise<V> elementwise;
  Vector zero_point;
  Vector by_zero_point;
  std::size_t channels;
  std::uint8_t repeated[kMostChannels + V::kBytes];
};

template <class V>
void multiply_row(const Multiply& layer, const std::uint8_t* x, const std::uint8_t* by,
                  std::uint8_t* out) {
  // Differences of 16 bits, and a pixel of the second operand that fits the buffer.
  constexpr std::int32_t kLimit = 32000;
  const bool fits = layer.zero_point > -kLimit && layer.zero_point < kLimit &&
                    layer.by_zero_point > -kLimit && layer.by_zero_point < kLimit &&
                    size(layer.channels) <= Multiplier<V>::kMostChannels;
  if (!fits) return reference::multiply_row(layer, x, by, out);
  Multiplier<V> multiplier(layer);
  for (std::int32_t column = 0; column < layer.width;) {
    const std::int32_t at = (column + layer.offset) / layer.factor;
    const std::int32_t next = (at + 1) * layer.factor - layer.offset;
    const std::int32_t stop = next < layer.width ? next : layer.width;
    const std::size_t from = size(column) * multiplier.channels;
    multiplier(x + from, size(stop - column), by + size(at) * multiplier.channels, out + from);
    column = stop;
  }
}

/// Bytes are added up in 16 bits as long as that is exact. Few channels: as many pixels as fit
/// into a vector together.
template <class V>
void sum_pixels(const std::uint8_t* x, std::size_t pixels, std::size_t channels,
                std::int32_t* sums) {
  using Vector = typename V::Vector;
  constexpr std::size_t kExactSums = 65535 / 255;
  const std::size_t group = channels < V::kBytes ? V::kBytes / channels : 1;
  const std::size_t used = smaller(group * channels, V::kBytes);
  const std::size_t pitch = group * channels;
  const std::size_t reach = larger(V::kBytes, channels);  // what the vectors of a group load
  std::size_t pixel = 0;
  while ((pixels - pixel) * channels >= reach) {
    const std::size_t fitting = ((pixels - pixel) * channels - reach) / pitch + 1;
    const std::size_t count = smaller(fitting, kExactSums);
    for (std::size_t c = 0; c < channels; c += V::kBytes) {
      const std::size_t first = channels < V::kBytes ? 0 : smaller(c, channels - V::kBytes);
      Vector low = V::zero();
      Vector high = V::zero();
      for (std::size_t i = 0; i < count; ++i) {
        const Vector codes = V::load(x + pixel * channels + i * pitch + first);
        low = V::add16(low, V::unpack_low8(codes, V::zero()));
        high = V::add16(high, V::unpack_high8(codes, V::zero()));
      }
      std::uint16_t halves[2][V::kBytes / 2];
      V::store(halves[0], low);
      V::store(halves[1], high);
      for (std::size_t byte = c - first; byte < used; ++byte) {
        sums[(first + byte) % channels] += halves[byte / 8 % 2][byte / 16 * 8 + byte % 8];
      }
    }
    pixel += count * group;
  }
  for (; pixel < pixels; ++pixel) {
    for (std::size_t c = 0; c < channels; ++c) sums[c] += x[pixel * channels + c];
  }
}

template <class V>
void max_pool_row(const MaxPool& layer, WindowRows rows, std::uint8_t* out) {
  using Vector = typename V::Vector;
  const auto channels = size(layer.channels);
  const std::size_t row_bytes = size(layer.in_width) * channels;
  const std::size_t out_bytes = size(layer.out_width) * channels;
  for (std::size_t column = 0; column < size(layer.out_width); ++column) {
    const std::size_t pixel = column * size(layer.stride) * channels;
    for (std::size_t c = 0; c < channels; c += V::kBytes) {
      Vector largest = V::zero();
      for (std::size_t ky = 0; ky < size(layer.kernel); ++ky) {
        for (std::size_t kx = 0; kx < size(layer.kernel); ++kx) {
          const std::size_t at = pixel + kx * channels + c;
          // What follows the pixel's channels in the row may be loaded, and is overwritten below.
          const Vector codes = at + V::kBytes <= row_bytes
                                   ? V::load(rows[ky] + at)
                                   : V::load_partial(rows[ky] + at, row_bytes - at);
          largest = V::maximum_unsigned8(largest, codes);
        }
      }
      const std::size_t at = column * channels + c;
      if (at + V::kBytes <= out_bytes) {
        V::store(out + at, largest);
      } else {
        V::store_partial(out + at, largest, out_bytes - at);
      }
    }
  }
}

}  // namespace coco_mcu::kernels::x86
