#include "kernels/cortex_m/depthwise_2w8a.h"

#include <algorithm>

#include "kernels/cortex_m/cortex_m.h"
#include "kernels/cortex_m/depthwise_lanes.h"
#include "kernels/cortex_m/top_half.h"
#include "kernels/uses.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr int kMostKernel = 5;
constexpr std::size_t kNumbers = 8;

int columns_of(const Convolution& layer) {
  return layer.kernel + layer.stride;
}

/// What the channels of a layer have in common.
struct Row {
  Row(const Convolution& of, WindowRows window)
      : layer(of),
        top_half(of.requantization,
                 of.kernel * of.kernel * farthest_code(of.zero_point) *
                     core::weight_magnitude(of.format),
                 column_shift(columns_of(of))) {
    const std::uint8_t* some_row = nullptr;
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      if (window[ky] != nullptr) some_row = window[ky];
    }
    for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
      is_padding[ky] = window[ky] == nullptr;
      rows[ky] = is_padding[ky] ? some_row : window[ky];
    }
  }

  const Convolution& layer;
  TopHalf top_half;
  /// A row of padding adds nothing: its weights are zero, and it reads another row.
  const std::uint8_t* rows[kMostKernel + 1] = {};
  bool is_padding[kMostKernel] = {};
};

/// The codes of one channel's weights, the first one lowest.
template <int kKernel>
std::uint64_t load_codes(const std::uint8_t* packed) {
  if constexpr (kKernel == 3) {  // 18 bits
    return packed[0] | std::uint32_t{packed[1]} << 8U | std::uint32_t{packed[2]} << 16U;
  } else {  // 50 bits
    return load_word(packed) | std::uint64_t{load_word(packed + 3) >> 8U} << 32U;
  }
}

/// The weights of one channel as sum_columns reads them, every fourth word from `to` on.
template <int kKernel, int kStride>
void expand(const Row& row, std::size_t channel, std::uint32_t* to) {
  constexpr std::size_t kRowBytes = (kKernel * kKernel * 2 + 7) / 8;
  const std::uint64_t codes = load_codes<kKernel>(row.layer.weights + channel * kRowBytes);
  std::uint32_t* start = to;
  to += 4;
  std::int32_t sum = 0;
#pragma GCC unroll 5
  for (int ky = 0; ky < kKernel; ++ky) {
    const std::int32_t step = row.is_padding[ky] ? 0 : core::weight_step(row.layer.format);
    const std::int32_t origin = row.is_padding[ky] ? 0 : core::weight_origin(row.layer.format);
    const auto of_row = static_cast<std::uint32_t>(codes >> (2 * kKernel * ky));
    std::int32_t w[kKernel];
#pragma GCC unroll 5
    for (int kx = 0; kx < kKernel; ++kx) {
      w[kx] = static_cast<std::int32_t>(of_row >> (2 * kx) & 3U) * step + origin;
      sum += w[kx];
    }
#pragma GCC unroll 7
    for (int column = 0; column < kKernel + kStride; ++column, to += 4) {
      const std::int32_t left = column < kKernel ? w[column] : 0;
      const std::int32_t right = column < kStride ? 0 : w[column - kStride];
      *to = static_cast<std::uint32_t>(left + right * 65536);
    }
  }
  *start = static_cast<std::uint32_t>(-row.layer.zero_point * sum * 65537);
}

using Expand = void (*)(const Row& row, std::size_t channel, std::uint32_t* to);

/// Null where no model has such windows.
template <int kKernel, int kStride>
consteval Expand used_expand() {
  return uses_depthwise([](const Convolution& layer) {
           return has_column_lanes(layer) && layer.kernel == kKernel && layer.stride == kStride;
         })
             ? expand<kKernel, kStride>
             : nullptr;
}

Expand expand_of(const Convolution& layer) {
  constexpr Expand kOf3[] = {used_expand<3, 1>(), used_expand<3, 2>(), used_expand<3, 3>()};
  constexpr Expand kOf5[] = {used_expand<5, 1>(), used_expand<5, 2>()};
  return layer.kernel == 3 ? kOf3[layer.stride - 1] : kOf5[layer.stride - 1];
}

/// Four channels of a row.
struct Group {
  Group(const Row& of, std::size_t first_channel)
      : layer(of.layer), first(first_channel), rows(of.rows) {
    const Expand expand_channel = expand_of(layer);
    for (std::size_t i = 0; i < 4; ++i) expand_channel(of, first + i, weights + i);
    makes_codes = of.top_half.find_four(first, weights + 4 + layer.kernel * columns_of(layer) * 4);
  }

  const Convolution& layer;
  std::size_t first;
  const std::uint8_t* const* rows;
  bool makes_codes;
  std::uint32_t weights[4 + kMostKernel * kMostColumns * 4 + kNumbers];
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
  const std::int32_t left = first * layer.stride - layer.padding;
  const std::int32_t columns = columns_of(layer);
  const std::int32_t from = left < 0 ? -left : 0;
  const std::int32_t to_column = std::max(from, std::min(columns, layer.in_width - left));
  const std::uint32_t padding = static_cast<std::uint32_t>(layer.zero_point) * 0x01010101U;
  for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
    rows[ky] = reinterpret_cast<const std::uint8_t*>(strip[ky]);
    for (std::int32_t i = 0; i < from; ++i) strip[ky][i] = padding;
    for (std::int32_t i = to_column; i < columns; ++i) strip[ky][i] = padding;
    const std::uint8_t* x =
        group.rows[ky] + static_cast<std::size_t>(left + from) * channels + group.first;
    for (std::int32_t i = from; i < to_column; ++i, x += channels) strip[ky][i] = load_word(x);
  }
  const bool has_right = first + 1 < layer.out_width;
  std::uint32_t sums[4];
  std::uint8_t* to = out + static_cast<std::size_t>(first) * channels;
  const ColumnPairs pair = {.rows = rows,
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

void depthwise_row_2w8a(const Convolution& layer, std::uint8_t* /*scratch*/, WindowRows rows,
                        std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  const Row row(layer, rows);
  const auto is_inside = [&](std::int32_t first) {
    const std::int32_t left = first * layer.stride - layer.padding;
    return left >= 0 && left + columns_of(layer) <= layer.in_width && first + 1 < layer.out_width;
  };
  std::int32_t inner_begin = 0;
  while (inner_begin < layer.out_width && !is_inside(inner_begin)) inner_begin += 2;
  std::int32_t inner_end = inner_begin;
  while (is_inside(inner_end)) inner_end += 2;
  for (std::size_t channel = 0; channel < channels; channel += 4) {
    // The last four may have some of those before among them.
    const std::size_t first = channel + 4 > channels ? channels - 4 : channel;
    const Group group(row, first);
    std::uint8_t* to = out + first;
    for (std::int32_t column = 0; column < layer.out_width; column += 2) {
      if (column == inner_begin && inner_begin != inner_end) {
        make_inner_pairs(group, inner_begin, (inner_end - inner_begin) / 2, to);
        column = inner_end;
        if (column >= layer.out_width) break;
      }
      make_edge_pair(group, column, to);
    }
  }
  finish_codes(layer.requantization, out, static_cast<std::size_t>(layer.out_width) * channels);
}

}  // namespace coco_mcu::kernels::cortex_m
