// Depthwise convolutions with weights of 4 and 8 bits, four channels at a time; taps.cc makes the
// codes.
#include <algorithm>
#include <bit>

#include "kernels/cortex_m/cortex_m.h"
#include "kernels/cortex_m/depthwise_2w8a.h"
#include "kernels/cortex_m/strip.h"
#include "kernels/cortex_m/taps.h"
#include "kernels/cortex_m/top_half.h"
#include "kernels/reference/reference.h"
#include "kernels/uses.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr int kMostShift = 18;  // of sums

std::int32_t window_of(const Convolution& layer) {
  return layer.kernel * layer.kernel;
}

/// Four channels of a layer: numbers stand right behind the last weights, as sum_taps needs them.
struct Taps {
  Taps(const Convolution& layer, std::size_t first_channel)
      : first(first_channel), begin(weights + 4 * (kMostWindow - window_of(layer))) {
    const auto window = static_cast<std::size_t>(window_of(layer));
    const std::size_t row_bytes = core::packed_row_bytes(layer.format, window);
    for (std::size_t i = 0; i < 4; ++i) {
      std::int8_t row[kMostWindow];
      core::unpack_weights(layer.format, layer.weights + (first + i) * row_bytes, window, row);
      std::int16_t* to = begin + kPlaces[i];
      for (std::int32_t kx = 0; kx < layer.kernel; ++kx) {
        for (std::int32_t ky = 0; ky < layer.kernel; ++ky, to += 4) {
          *to = row[ky * layer.kernel + kx];
        }
      }
    }
  }

  static constexpr std::int32_t kMostWindow = kMostKernel * kMostKernel;
  /// Of four channels: 0 and 2 share a word, then 1 and 3.
  static constexpr std::size_t kPlaces[4] = {0, 2, 1, 3};

  std::size_t first;
  std::int16_t* begin;
  alignas(std::uint32_t) std::int16_t weights[4 * kMostWindow];
  std::uint32_t numbers[kNumbers];
};
static_assert(offsetof(Taps, numbers) == offsetof(Taps, weights) + sizeof(Taps::weights));

/// A row of a layer.
class Row {
 public:
  explicit Row(const Convolution& layer)
      : layer_(layer),
        largest_sum_(window_of(layer) * farthest_code(layer.zero_point) *
                     core::weight_magnitude(layer.format)),
        shift_(
            std::min(std::countl_zero(static_cast<std::uint32_t>(largest_sum_)) - 1, kMostShift)) {}

  void make_codes(Taps& taps, const std::uint32_t* codes, std::int32_t count,
                  std::uint8_t* out) const {
    const std::int32_t step = layer_.kernel * layer_.stride;  // words from window to window
    TapStrip strip = {
        .codes = codes,
        .codes_end = codes + count * step,
        .weights = taps.begin,
        .last_weights = taps.weights + 4 * (Taps::kMostWindow - 1),
        .out = out,
        .out_stride = static_cast<std::size_t>(layer_.out_channels),
        .back = static_cast<std::size_t>(window_of(layer_) - step) * sizeof(std::uint32_t),
        .zero = twice(static_cast<std::uint32_t>(-layer_.zero_point) & 0xFFFFU),
        .shift = static_cast<std::uint32_t>(shift_)};
    const core::Requantization& rule = layer_.requantization;
    if (rule.twice == nullptr &&
        TopHalf(rule, largest_sum_, shift_).find_four(taps.first, taps.numbers)) {
      strip.makes_codes = 1;
      sum_taps(&strip);
      return;
    }
    for (; count != 0; --count, strip.codes += step, out += layer_.out_channels) {
      std::int32_t sums[4];
      strip.codes_end = strip.codes + step;
      strip.out = reinterpret_cast<std::uint8_t*>(sums);
      sum_taps(&strip);
      for (std::size_t i = 0; i < 4; ++i) {
        out[i] = core::requantize_to_code(rule, sums[Taps::kPlaces[i]], taps.first + i);
      }
    }
  }

 private:
  const Convolution& layer_;
  std::int32_t largest_sum_;
  int shift_;
};

void row(const Convolution& layer, std::uint8_t* /*scratch*/, WindowRows rows, std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  const Row row(layer);
  const std::int32_t at_once = Strip::most_columns(layer);
  for (std::int32_t column = 0; column < layer.out_width; column += at_once) {
    const std::int32_t count = std::min(at_once, layer.out_width - column);
    Strip strip(layer, rows, column, count);
    for (std::size_t channel = 0; channel < channels; channel += 4) {
      // The last four may have some of those before among them.
      const std::size_t first = channel + 4 > channels ? channels - 4 : channel;
      Taps taps(layer, first);
      strip.load(first);
      row.make_codes(taps, strip.words, count,
                     out + static_cast<std::size_t>(column) * channels + first);
    }
  }
  apply_table(layer.requantization, out, static_cast<std::size_t>(layer.out_width) * channels);
}

constexpr ConvolutionKernel kKernels[3][2] = {
    {{"depthwise_3x3_2w8a_cortex_m", no_scratch, no_preparation, row},
     {"depthwise_5x5_2w8a_cortex_m", no_scratch, no_preparation, row}},
    {{"depthwise_3x3_4w8a_cortex_m", no_scratch, no_preparation, row},
     {"depthwise_5x5_4w8a_cortex_m", no_scratch, no_preparation, row}},
    {{"depthwise_3x3_8w8a_cortex_m", no_scratch, no_preparation, row},
     {"depthwise_5x5_8w8a_cortex_m", no_scratch, no_preparation, row}}};

/// Where sums of two channels share a register.
constexpr ConvolutionKernel kLaneKernels[2] = {
    {"depthwise_3x3_2w8a_cortex_m_lanes", no_scratch, no_preparation, depthwise_row_2w8a},
    {"depthwise_5x5_2w8a_cortex_m_lanes", no_scratch, no_preparation, depthwise_row_2w8a}};

/// Whether `row` can take a layer: windows of 3 or 5, at least four channels.
constexpr bool has_taps(const Convolution& layer) {
  return (layer.kernel == 3 || layer.kernel == 5) && layer.out_channels >= 4 &&
         !has_column_lanes(layer);
}

constexpr bool has_neither(const Convolution& layer) {
  return !has_column_lanes(layer) && !has_taps(layer);
}

}  // namespace

const ConvolutionKernel& depthwise(const Convolution& layer) {
  const int size = layer.kernel == 5 ? 1 : 0;
  if (uses_depthwise(has_column_lanes) && has_column_lanes(layer)) return kLaneKernels[size];
  if (uses_depthwise(has_taps) && has_taps(layer)) {
    return kKernels[core::weight_bits(layer.format) / 4][size];
  }
  if (uses_depthwise(has_neither)) return reference::kDepthwise;
  __builtin_trap();
}

}  // namespace coco_mcu::kernels::cortex_m
