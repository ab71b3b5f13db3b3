// Weights of 4 and 8 bits: codes of some pixels are widened to 16 bits once for all output
// channels, weights of two output channels once for all those pixels; halves.cc makes the sums.
// Longer sums are made in parts, pixel by pixel.
#include <algorithm>
#include <bit>

#include "kernels/cortex_m/convolution_2w8a.h"
#include "kernels/cortex_m/cortex_m.h"
#include "kernels/cortex_m/halves.h"
#include "kernels/cortex_m/pixel_lanes.h"
#include "kernels/cortex_m/top_half.h"
#include "kernels/reference/reference.h"
#include "kernels/uses.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr int kMostShift = 18;          // of sums
constexpr std::size_t kTwoNumbers = 6;  // words behind the weights of two channels

std::int32_t largest_sum(const Convolution& layer) {
  return static_cast<std::int32_t>(layer.window_weights()) * farthest_code(layer.zero_point) *
         core::weight_magnitude(layer.format);
}

/// How far to the left sums are moved.
int sum_shift(const Convolution& layer) {
  return std::min(std::countl_zero(static_cast<std::uint32_t>(largest_sum(layer))) - 1, kMostShift);
}

/// Some weights of two output channels from channel `first` and weight `from` on, and room for the
/// numbers behind them.
struct TwoChannels {
  TwoChannels(const Convolution& layer, std::size_t first, std::size_t from, std::size_t count)
      : quads(quads_of(count)), numbers(words + quads * kQuad) {
    const std::size_t row_bytes = core::packed_row_bytes(layer.format, layer.window_weights());
    const std::uint8_t* rows =
        layer.weights + first * row_bytes + core::packed_row_bytes(layer.format, from);
    if (count == quads * kQuad) {
      expand(layer.format, rows, row_bytes, quads, words);
      return;
    }
    const std::size_t whole = count / kGroup * kGroup;
    if (whole != 0) expand(layer.format, rows, row_bytes, quads_of(whole), words);
    // What is behind the last weights meets codes of zero.
    const std::size_t last = core::packed_row_bytes(layer.format, count - whole);
    rows += core::packed_row_bytes(layer.format, whole);
    std::uint8_t copies[2][kGroup] = {};
    copy_codes(rows, last, copies[0]);
    copy_codes(rows + row_bytes, last, copies[1]);
    expand(layer.format, copies[0], kGroup, quads_of(count - whole), words + whole);
  }

  std::size_t quads;
  std::uint32_t* numbers;
  std::uint32_t words[kMostWeights + kTwoNumbers];

 private:
  static void expand(core::WeightFormat format, const std::uint8_t* rows, std::size_t row_bytes,
                     std::size_t quads, std::uint32_t* to) {
    const Widening how = plain_widening(-core::weight_origin(format), quads);
    if (core::weight_bits(format) == 4) {
      widen_nibbles(rows, row_bytes, to, how.groups, how.has_half);
    } else {
      widen(how, rows, row_bytes, 2, to);
    }
  }
};

HalvesGroup group_of(const TwoChannels& weights, const std::uint32_t* codes) {
  return {.codes = codes,
          .weights = weights.words,
          .weights_end = weights.numbers,
          .half_begin = weights.quads % 4 != 0 ? 1U : 0U};
}

/// Sums of two channels at `pixels` pixels to codes, before the table.
void store_sums(const Convolution& layer, std::size_t first, const std::int32_t* sums,
                std::size_t pixels, std::uint8_t* out) {
  for (; pixels != 0; --pixels, sums += 2, out += layer.out_channels) {
    for (std::size_t c = 0; c < 2; ++c) {
      out[first + c] = core::requantize_to_code(layer.requantization, sums[c], first + c);
    }
  }
}

/// Two output channels at `pixels` pixels whose codes have been widened.
[[gnu::noinline]] void make_channels(const Convolution& layer, std::size_t first,
                                     const std::uint32_t* block, std::size_t pixels,
                                     std::uint8_t* out) {
  const std::size_t count = layer.window_weights();
  TwoChannels weights(layer, first, 0, count);
  HalvesGroup group = group_of(weights, block);
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  const std::size_t words = pair_words(weights.quads);
  const auto run = [&](std::size_t pairs, void* to, std::size_t stride) {
    group.codes_end = group.codes + pairs * words;
    group.out = static_cast<std::uint8_t*>(to);
    group.stride = stride;
    sum_halves(&group);
    group.codes = group.codes_end;
  };
  if (layer.requantization.twice == nullptr) {
    const int shift = sum_shift(layer);
    const TopHalf top_half(layer.requantization, largest_sum(layer), shift);
    group.shift = static_cast<std::uint32_t>(shift);
    const bool first_fits = top_half.find(first, weights.numbers);
    group.makes_codes = top_half.find(first + 1, weights.numbers + 2) && first_fits ? 1U : 0U;
    top_half.find_limits(weights.numbers + 4);
  }
  if (group.makes_codes != 0) {
    if (pixels >= 2) run(pixels / 2, out + first, channels);
    if (pixels % 2 != 0) run(1, out + (pixels - 1) * channels + first, 0);
    return;
  }
  for (std::size_t pixel = 0; pixel < pixels; pixel += 2, out += 2 * channels) {
    std::int32_t sums[4];
    run(1, sums, 0);
    store_sums(layer, first, sums, pixels - pixel < 2 ? 1 : 2, out);
  }
}

/// One pixel whose sums are made in parts.
[[gnu::noinline]] void make_long_pixel(const Convolution& layer, WindowRows rows,
                                       std::int32_t column, std::uint32_t* block,
                                       std::uint8_t* out) {
  const std::size_t all = layer.window_weights();
  constexpr std::size_t kPartWords = kMostWeights + kAddends;
  const auto part = [&](std::size_t from) { return std::min(all - from, kMostWeights); };
  {
    std::uint8_t window[kMostParts * kMostWeights];
    std::memset(window, layer.zero_point, sizeof(window));
    gather(layer, rows, column, window);
    for (std::size_t from = 0; from < all; from += kMostWeights) {
      widen(plain_widening(layer.zero_point, quads_of(part(from))), window + from, 0, 1,
            block + from / kMostWeights * kPartWords);
    }
  }
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  for (std::size_t channel = 0; channel < channels; channel += 2) {
    const std::size_t first = channel + 2 > channels ? channels - 2 : channel;
    std::int32_t total[2] = {};
    for (std::size_t from = 0; from < all; from += kMostWeights) {
      const TwoChannels weights(layer, first, from, part(from));
      std::int32_t sums[4];
      HalvesGroup group = group_of(weights, block + from / kMostWeights * kPartWords);
      group.codes_end = group.codes + pair_words(weights.quads);
      group.out = reinterpret_cast<std::uint8_t*>(sums);
      sum_halves(&group);
      for (std::size_t c = 0; c < 2; ++c) total[c] += sums[c];
    }
    store_sums(layer, first, total, 1, out);
  }
}

void row(const Convolution& layer, std::uint8_t* /*scratch*/, WindowRows rows, std::uint8_t* out) {
  const auto pixels = static_cast<std::size_t>(layer.out_width);
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  std::uint32_t block[kBlockWords];
  if (layer.window_weights() > kMostWeights) {
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      make_long_pixel(layer, rows, static_cast<std::int32_t>(pixel), block, out + pixel * channels);
    }
  } else {
    const std::size_t quads = quads_of(layer.window_weights());
    const Widening how = plain_widening(layer.zero_point, quads);
    const std::size_t at_once = kBlockWords / pair_words(quads) * 2;
    for (std::size_t first = 0; first < pixels; first += at_once) {
      const std::size_t count = std::min(pixels - first, at_once);
      widen_windows(layer, how, rows, first, count, block);
      for (std::size_t channel = 0; channel < channels; channel += 2) {
        // The last two may have one of those before among them.
        make_channels(layer, channel + 2 > channels ? channels - 2 : channel, block, count,
                      out + first * channels);
      }
    }
  }
  apply_table(layer.requantization, out, pixels * channels);
}

constexpr ConvolutionKernel kKernels[2][3] = {
    {{"convolution_4w8a_cortex_m", no_scratch, no_preparation, row},
     {"pointwise_4w8a_cortex_m", no_scratch, no_preparation, row},
     {"fully_connected_4w8a_cortex_m", no_scratch, no_preparation, row}},
    {{"convolution_8w8a_cortex_m", no_scratch, no_preparation, row},
     {"pointwise_8w8a_cortex_m", no_scratch, no_preparation, row},
     {"fully_connected_8w8a_cortex_m", no_scratch, no_preparation, row}}};

/// Where sums of two output channels share a register.
constexpr ConvolutionKernel kLaneKernels[3] = {
    {"convolution_2w8a_cortex_m_lanes", no_scratch, no_preparation, row_2w8a},
    {"pointwise_2w8a_cortex_m_lanes", no_scratch, no_preparation, row_2w8a},
    {"fully_connected_2w8a_cortex_m_lanes", no_scratch, no_preparation, row_2w8a}};

/// Whether `row` can take a layer.
constexpr bool has_halves(const Convolution& layer) {
  return core::weight_bits(layer.format) != 2 && layer.out_channels >= 2 && layer.zero_point >= 0 &&
         layer.zero_point <= 255 && layer.window_weights() <= kMostParts * kMostWeights;
}

constexpr bool has_neither(const Convolution& layer) {
  return !has_lanes(layer) && !has_halves(layer);
}

}  // namespace

const ConvolutionKernel& convolution(const Convolution& layer) {
  const bool is_pointwise = layer.kernel == 1 && layer.stride == 1 && layer.padding == 0;
  const int shape = !is_pointwise ? 0 : layer.out_width == 1 ? 2 : 1;
  if (uses_convolution(has_lanes) && has_lanes(layer)) return kLaneKernels[shape];
  if (uses_convolution(has_halves) && has_halves(layer)) {
    return kKernels[core::weight_bits(layer.format) == 8 ? 1 : 0][shape];
  }
  if (uses_convolution(has_neither)) return reference::kConvolution;
  __builtin_trap();
}

}  // namespace coco_mcu::kernels::cortex_m
