#include "kernels/cortex_m/depthwise_2w8a.h"

#include "kernels/cortex_m/cortex_m.h"
#include "kernels/cortex_m/depthwise_lanes.h"
#include "kernels/cortex_m/top_half.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr int kMostKernel = 5;
constexpr std::size_t kNumbers = 8;

int columns_of(const Convolution& layer) {
  return layer.kernel + layer.stride;
}

/// Four channels of a layer and the rows of its window. A row of padding adds nothing: its weights
/// are zero, and it reads another row.
struct Group {
  const Convolution& layer;
  std::size_t first;  // channel
  const std::uint8_t* rows[kMostKernel + 1] = {};
  bool makes_codes = true;
  std::uint32_t weights[4 + kMostKernel * kMostColumns * 4 + kNumbers];

  Group(const Convolution& of, std::size_t first_channel, WindowRows window)
      : layer(of), first(first_channel) {
    const std::uint8_t* some_row = nullptr;
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      if (window[ky] != nullptr) some_row = window[ky];
    }
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      rows[ky] = window[ky] == nullptr ? some_row : window[ky];
    }
    std::uint32_t* numbers = weights + 4 + layer.kernel * columns_of(layer) * 4;
    constexpr std::size_t kOrder[4] = {0, 2, 1, 3};
    const std::int32_t largest_sum = layer.kernel * layer.kernel *
                                     farthest_code(layer.zero_point) *
                                     core::weight_magnitude(layer.format);
    for (std::size_t i = 0; i < 4; ++i) {
      expand(i, window);
      makes_codes = find_top_half(layer.requantization, first + kOrder[i], largest_sum,
                                  column_shift(columns_of(layer)), numbers + 2 * i) &&
                    makes_codes;
    }
  }

 private:
  /// The weights of channel first + i, every fourth word.
  void expand(std::size_t i, WindowRows window) {
    const auto taps = static_cast<std::size_t>(layer.kernel * layer.kernel);
    const std::uint8_t* packed =
        layer.weights + (first + i) * core::packed_row_bytes(layer.format, taps);
    std::uint32_t* to = weights + 4 + i;
    std::int32_t sum = 0;
    std::size_t tap = 0;
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      std::int32_t row[kMostKernel] = {};
      for (std::int32_t kx = 0; kx < layer.kernel; ++kx, ++tap) {
        if (window[ky] != nullptr) row[kx] = core::weight_at(layer.format, packed, tap);
        sum += row[kx];
      }
      for (std::int32_t column = 0; column < columns_of(layer); ++column, to += 4) {
        const std::int32_t left = column < layer.kernel ? row[column] : 0;
        const std::int32_t right = column < layer.stride ? 0 : row[column - layer.stride];
        *to = static_cast<std::uint32_t>(left + right * 65536);
      }
    }
    weights[i] = static_cast<std::uint32_t>(-layer.zero_point * sum * 65537);
  }
};

/// What sum_columns gives for `pairs` pairs, to codes.
void store_sums(const Group& group, const std::uint32_t* sums, bool has_right, std::uint8_t* out) {
  for (std::size_t i = 0; i < 4; ++i) {
    const auto left = static_cast<std::int16_t>(sums[i] & 0xFFFFU);
    const std::int32_t right =
        static_cast<std::int32_t>(sums[i] - static_cast<std::uint32_t>(std::int32_t{left})) >> 16;
    const std::size_t channel = group.first + i;
    out[i] = code_before_limits(group.layer.requantization, left, channel);
    if (has_right) {
      out[static_cast<std::size_t>(group.layer.out_channels) + i] =
          code_before_limits(group.layer.requantization, right, channel);
    }
  }
}

/// Pairs of output columns that lie side by side and read nothing but the input.
void make_inner_pairs(const Group& group, std::int32_t first, std::int32_t count,
                      std::uint8_t* out) {
  const Convolution& layer = group.layer;
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  const auto left = static_cast<std::size_t>(first * layer.stride - layer.padding);
  ColumnPairs pairs = {.rows = group.rows,
                       .weights = group.weights,
                       .out = out + static_cast<std::size_t>(first) * channels,
                       .out_stride = channels,
                       .column_stride = channels,
                       .offset = left * channels + group.first,
                       .advance = 2 * static_cast<std::size_t>(layer.stride) * channels,
                       .pairs = static_cast<std::size_t>(count),
                       .out_advance = 2 * channels,
                       .makes_codes = group.makes_codes ? 1U : 0U};
  if (group.makes_codes) {
    sum_columns(columns_of(layer), &pairs);
    return;
  }
  std::uint32_t sums[4];
  std::uint8_t* to = pairs.out;
  pairs.pairs = 1;
  pairs.out = reinterpret_cast<std::uint8_t*>(sums);
  for (; count != 0; --count, to += pairs.out_advance, pairs.offset += pairs.advance) {
    sum_columns(columns_of(layer), &pairs);
    store_sums(group, sums, true, to);
  }
}

/// One or two output columns at an edge: what they read is copied, padding included.
void make_edge_pair(const Group& group, std::int32_t first, std::uint8_t* out) {
  const Convolution& layer = group.layer;
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  std::uint32_t strip[kMostKernel][kMostColumns];
  const std::uint8_t* rows[kMostKernel + 1] = {};
  for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
    rows[ky] = reinterpret_cast<const std::uint8_t*>(strip[ky]);
    for (std::int32_t i = 0; i < columns_of(layer); ++i) {
      const std::int32_t column = first * layer.stride - layer.padding + i;
      strip[ky][i] = column < 0 || column >= layer.in_width
                         ? static_cast<std::uint32_t>(layer.zero_point) * 0x01010101U
                         : load_word(group.rows[ky] + static_cast<std::size_t>(column) * channels +
                                     group.first);
    }
  }
  const bool has_right = first + 1 < layer.out_width;
  std::uint32_t sums[4];
  std::uint8_t* to = out + static_cast<std::size_t>(first) * channels;
  const ColumnPairs pair = {
      .rows = rows,
      .weights = group.weights,
      .out = group.makes_codes ? to : reinterpret_cast<std::uint8_t*>(sums),
      .out_stride = has_right ? channels : 0,
      .column_stride = 4,
      .offset = 0,
      .advance = 0,
      .pairs = 1,
      .out_advance = 0,
      .makes_codes = group.makes_codes ? 1U : 0U};
  sum_columns(columns_of(layer), &pair);
  if (!group.makes_codes) store_sums(group, sums, has_right, to);
}

}  // namespace

bool has_column_lanes(const Convolution& layer) {
  const int columns = columns_of(layer);
  return core::weight_bits(layer.format) == 2 && (layer.kernel == 3 || layer.kernel == 5) &&
         columns >= kFewestColumns && columns <= kMostColumns && layer.out_channels >= 4 &&
         layer.zero_point >= 0 && layer.zero_point <= 255 &&
         layer.requantization.twice == nullptr;
}

void depthwise_row_2w8a(const Convolution& layer, std::uint8_t* /*scratch*/, WindowRows rows,
                        std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  const auto is_inside = [&](std::int32_t first) {
    const std::int32_t left = first * layer.stride - layer.padding;
    return left >= 0 && left + columns_of(layer) <= layer.in_width && first + 1 < layer.out_width;
  };
  for (std::size_t channel = 0; channel < channels; channel += 4) {
    // The last four may have some of those before among them.
    const std::size_t first = channel + 4 > channels ? channels - 4 : channel;
    const Group group(layer, first, rows);
    for (std::int32_t column = 0; column < layer.out_width;) {
      std::int32_t pairs = 0;
      while (is_inside(column + 2 * pairs)) ++pairs;
      if (pairs != 0) {
        make_inner_pairs(group, column, pairs, out + first);
        column += 2 * pairs;
      } else {
        make_edge_pair(group, column, out + first);
        column += 2;
      }
    }
  }
  finish_codes(layer.requantization, out, static_cast<std::size_t>(layer.out_width) * channels);
}

}  // namespace coco_mcu::kernels::cortex_m
