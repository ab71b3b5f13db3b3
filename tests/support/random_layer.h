// Random layers within the contract of the kernels, the same for the same seed everywhere: for
// comparing back ends and for measuring them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <vector>

#include "core/requantize.h"
#include "core/weight_format.h"
#include "kernels/kernels.h"

namespace coco_mcu::testing {

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}

  /// From low to high, both included. Not std::uniform_int_distribution: that differs by library.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  int size(int low, int high) { return static_cast<int>(between(low, high)); }
  bool once_in(int times) { return between(1, times) == 1; }
  template <class T, std::size_t kCount>
  T one_of(const T (&values)[kCount]) {
    return values[static_cast<std::size_t>(between(0, kCount - 1))];
  }
  std::vector<std::uint8_t> bytes(std::size_t count) {
    std::vector<std::uint8_t> made(count);
    for (auto& byte : made) byte = static_cast<std::uint8_t>(between(0, 255));
    return made;
  }

 private:
  std::mt19937_64 engine_;
};

/// Bytes on the heap, no more than asked for, so that the address sanitizer sees each step beyond;
/// the first stands `misalignment` bytes after a multiple of 64.
class Bytes {
 public:
  explicit Bytes(std::size_t count, std::size_t misalignment = 0, std::uint8_t fill = 0xa5)
      : misalignment_(misalignment),
        count_(count),
        memory_(static_cast<std::uint8_t*>(
            ::operator new (count + misalignment, std::align_val_t{64}))) {
    for (std::size_t i = 0; i < count; ++i) data()[i] = fill;
  }
  Bytes(const std::vector<std::uint8_t>& values, std::size_t misalignment)
      : Bytes(values.size(), misalignment) {
    for (std::size_t i = 0; i < count_; ++i) data()[i] = values[i];
  }
  std::uint8_t* data() const { return memory_.get() + misalignment_; }
  std::vector<std::uint8_t> values() const { return {data(), data() + count_}; }

 private:
  struct Free {
    void operator()(std::uint8_t* at) const { ::operator delete (at, std::align_val_t{64}); }
  };
  std::size_t misalignment_;
  std::size_t count_;
  std::unique_ptr<std::uint8_t, Free> memory_;
};

/// A rule and what it points to.
struct RandomRequantization {
  /// For accumulators up to `magnitude`. Half of the rules spread them over all codes, the others
  /// take any shifts and multipliers that the contract allows.
  RandomRequantization(Random& random, std::int64_t magnitude, std::size_t channels) {
    constexpr std::int64_t kLimit = (std::int64_t{1} << 31) - 1;
    const bool is_useful = random.once_in(2);
    while (rule.left_shift < 24 && magnitude << (rule.left_shift + 1) <= kLimit &&
           !random.once_in(is_useful ? 2 : 6)) {
      ++rule.left_shift;
    }
    const std::int64_t scaled = ((magnitude << rule.left_shift) >> 1) + 1;  // m < 2^15
    int useful_shift = 0;
    while (scaled >> useful_shift > 400 && useful_shift < 31) ++useful_shift;
    rule.shift = static_cast<std::uint8_t>(is_useful ? useful_shift : random.size(0, 31));
    const std::int64_t room = kLimit - scaled;
    while (rule.offset_shift < rule.shift && 32768LL << (rule.offset_shift + 1) <= room &&
           !(is_useful && 32767LL << rule.offset_shift >= 256LL << rule.shift)) {
      ++rule.offset_shift;
    }
    rule.is_uniform = random.once_in(4);
    const std::size_t count = rule.is_uniform ? 1 : channels;
    for (std::size_t c = 0; c < count; ++c) {
      multipliers.push_back(static_cast<std::int16_t>(
          random.once_in(20) ? 32767 * random.between(0, 1)
                             : random.between(is_useful ? 16384 : 0, 32767)));
      offsets.push_back(static_cast<std::int16_t>(random.once_in(20)
                                                      ? random.between(0, 1) * 65535 - 32768
                                                      : random.between(-32768, 32767)));
    }
    if (random.once_in(3)) {
      rule.low = static_cast<std::uint8_t>(random.between(0, 255));
      rule.high = static_cast<std::uint8_t>(random.between(rule.low, 255));
    }
    rule.multipliers = multipliers.data();
    rule.offsets = offsets.data();
    if (random.once_in(3)) {
      table = random.bytes(256);
      rule.table = table.data();
    }
  }
  RandomRequantization(const RandomRequantization&) = delete;
  RandomRequantization& operator=(const RandomRequantization&) = delete;

  std::vector<std::int16_t> multipliers;
  std::vector<std::int16_t> offsets;
  std::vector<std::uint8_t> table;
  core::Requantization rule;
};

/// What a random convolution is made of; the rest is drawn.
struct Geometry {
  bool is_depthwise = false;
  int in_width = 1;
  int in_channels = 1;
  int out_channels = 1;
  int kernel = 1;
  int stride = 1;
  int padding = 0;
  int behind = 0;  // columns of padding to the right beyond those to the left
  core::WeightFormat format = core::WeightFormat::kSigned8;
};

/// A convolution, its weights, and the rows of one window. One in four has the largest or smallest
/// weights and inputs alone.
class RandomConvolution {
 public:
  RandomConvolution(Random& random, const Geometry& geometry)
      : geometry_(geometry),
        requantization_(random, largest_sum(geometry), to_size(geometry.out_channels)),
        is_extreme_(random.once_in(4)),
        weights_(packed_weights(random), to_size(random.size(0, 7))) {
    layer.in_width = geometry.in_width;
    layer.in_channels = geometry.in_channels;
    layer.out_width =
        (geometry.in_width + 2 * geometry.padding + geometry.behind - geometry.kernel) /
            geometry.stride +
        1;
    layer.out_channels = geometry.out_channels;
    layer.kernel = geometry.kernel;
    layer.stride = geometry.stride;
    layer.padding = geometry.padding;
    layer.zero_point = random.size(0, 255);
    const bool pads = geometry.padding + geometry.behind > 0;
    if (!pads && random.once_in(4)) layer.zero_point = kFarZeroPoint;
    layer.format = geometry.format;
    layer.weights = weights_.data();
    layer.requantization = requantization_.rule;
    for (int row = 0; row < geometry.kernel; ++row) add_row(random, row);
  }

  std::size_t out_bytes() const { return to_size(layer.out_width) * to_size(layer.out_channels); }
  kernels::WindowRows rows() const { return row_pointers_.data(); }

  kernels::Convolution layer;

 private:
  static constexpr int kFarZeroPoint = -255;  // a mask's

  static std::size_t to_size(int count) { return static_cast<std::size_t>(count); }

  static std::size_t row_weights(const Geometry& geometry) {
    return to_size(geometry.kernel) * to_size(geometry.kernel) *
           (geometry.is_depthwise ? 1 : to_size(geometry.in_channels));
  }
  static std::int64_t largest_sum(const Geometry& geometry) {
    const std::int64_t farthest = geometry.padding == 0 ? 255 - kFarZeroPoint : 255;
    return static_cast<std::int64_t>(row_weights(geometry)) * farthest *
           core::weight_magnitude(geometry.format);
  }

  std::vector<std::uint8_t> packed_weights(Random& random) const {
    const std::size_t count = row_weights(geometry_);
    const std::size_t bytes = core::packed_row_bytes(geometry_.format, count);
    const int last_code = core::weight_codes(geometry_.format) - 1;
    std::vector<std::uint8_t> packed(to_size(geometry_.out_channels) * bytes);
    std::vector<std::uint8_t> codes(count);
    for (std::size_t row = 0; row * bytes < packed.size(); ++row) {
      const auto extreme = static_cast<std::uint8_t>(random.between(0, 1) * last_code);
      for (auto& code : codes) {
        code = is_extreme_ ? extreme : static_cast<std::uint8_t>(random.between(0, last_code));
      }
      core::pack_codes(geometry_.format, codes.data(), count, packed.data() + row * bytes);
    }
    return packed;
  }

  /// The first and the last row of a padded window may be padding.
  void add_row(Random& random, int row) {
    const bool is_edge = row == 0 || row + 1 == geometry_.kernel;
    if (geometry_.padding + geometry_.behind > 0 && is_edge && random.once_in(3)) {
      row_pointers_.push_back(nullptr);
      return;
    }
    const std::size_t bytes = to_size(geometry_.in_width) * to_size(geometry_.in_channels);
    const auto codes = is_extreme_ ? std::vector<std::uint8_t>(bytes, 255) : random.bytes(bytes);
    row_codes_.emplace_back(codes, to_size(random.size(0, 7)));
    row_pointers_.push_back(row_codes_.back().data());
  }

  Geometry geometry_;
  RandomRequantization requantization_;
  bool is_extreme_;
  Bytes weights_;
  std::vector<Bytes> row_codes_;
  std::vector<const std::uint8_t*> row_pointers_;
};

}  // namespace coco_mcu::testing
