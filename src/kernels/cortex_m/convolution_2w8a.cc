// Convolutions with weights of 2 bits. Codes of some pixels are widened to 16 bits once for all
// output channels, weights of four output channels once for all those pixels; lanes.cc makes the
// sums.
#include "kernels/cortex_m/convolution_2w8a.h"

#include <algorithm>
#include <bit>

#include "kernels/cortex_m/cortex_m.h"
#include "kernels/cortex_m/lanes.h"
#include "kernels/cortex_m/pixel_lanes.h"
#include "kernels/cortex_m/top_half.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

constexpr int kMostShift = 18;  // of sums: further ones need no larger multipliers

/// How a layer's sums are made.
struct Plan {
  /// Of `count` weights of each output channel.
  Plan(const Convolution& layer, std::size_t count)
      : channels(count),
        quads(quads_of(channels)),
        step(core::weight_step(layer.format)),
        full_quads(cortex_m::full_quads(step)),
        is_only_chunk(quads <= full_quads &&
                      layer.requantization.left_shift <= layer.requantization.shift + 1),
        chunks((quads + full_quads - 1) / full_quads),
        last_code(core::weight_codes(layer.format) - 1),
        lane_start(layer.zero_point * last_code * static_cast<std::int32_t>(full_quads * kQuad)),
        largest_sum(static_cast<std::int32_t>(channels) * farthest_code(layer.zero_point) *
                    core::weight_magnitude(layer.format)),
        lane_shift(is_only_chunk ? kOneChunkShift : free_bits() + step - 1),
        first_chunk(chunk_entry(is_only_chunk ? Chunk::kOnly : Chunk::kFirst,
                                quads - (chunks - 1) * full_quads)),
        full_chunk(chunk_entry(Chunk::kFurther, full_quads)),
        finish_codes(finish_entry(is_only_chunk, true)) {}

  /// How far a sum of the layer can be moved to the left within 32 bits.
  int free_bits() const {
    return std::min(std::countl_zero(static_cast<std::uint32_t>(largest_sum)) - 1, kMostShift);
  }
  Widening widening(std::int32_t zero_point) const {
    Widening result = plain_widening(zero_point, quads);
    result.zeros = static_cast<std::int32_t>(quads * kQuad) * zero_point;
    // Channel A's weights are step * code + origin, channel B's codes are two less.
    result.origin = step == 1 ? -1 : -3;
    result.starts = static_cast<std::int32_t>(chunks) * lane_start * step;
    result.shift = sum_shift();
    return result;
  }

  std::size_t channels;  // input channels times the window
  std::size_t quads;     // that they fill, the last one with zeros
  int step;
  std::size_t full_quads;
  bool is_only_chunk;
  std::size_t chunks;
  int last_code;
  std::int32_t lane_start;
  std::int32_t largest_sum;
  int lane_shift;  // of sums of codes
  std::uintptr_t first_chunk;
  std::uintptr_t full_chunk;
  std::uintptr_t finish_codes;
  int sum_shift() const { return lane_shift - (step - 1); }  // of sums of weights
};

std::uint32_t rotated(std::uint32_t word, int bits) {
  return word >> bits | word << (32 - bits) % 32;
}

constexpr std::uint32_t kOneOfTwo = 0x33333333U;

/// The codes of channel A in every other two bits, those of channel B two less between them; a
/// rotation brings any of them to the places that SMLAD's operand has for them.
inline std::uint32_t interleaved(std::uint32_t a, std::uint32_t b) {
  return (a & kOneOfTwo) | rotated(b & kOneOfTwo, 18);
}

/// Weights of the last input channels, four output channels: those of even places, then those of
/// odd ones.
void expand_words(const std::uint32_t (&rows)[4], int pairs, std::uint32_t* to) {
  constexpr std::uint32_t kUpperBits = 0xAAAAAAAAU;  // turns 0..3 into two less, in two bits
  const std::uint32_t b0 = rows[2] ^ kUpperBits;
  const std::uint32_t b1 = rows[3] ^ kUpperBits;
  const std::uint32_t even[2] = {interleaved(rows[0], b0), interleaved(rows[1], b1)};
  const std::uint32_t odd[2] = {interleaved(rows[0] >> 2U, b0 >> 2U),
                                interleaved(rows[1] >> 2U, b1 >> 2U)};
  for (int i = 0; i < pairs; ++i) {
    to[2 * i] = rotated(even[0], 4 * i) & kLanes;
    to[2 * i + 1] = rotated(even[1], 4 * i) & kLanes;
    to[2 * (pairs + i)] = rotated(odd[0], 4 * i) & kLanes;
    to[2 * (pairs + i) + 1] = rotated(odd[1], 4 * i) & kLanes;
  }
}

/// The codes of up to 16 weights, those behind the row's end zero.
std::uint32_t last_codes(const std::uint8_t* packed, std::size_t bytes) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < bytes; ++i) word |= std::uint32_t{packed[i]} << 8 * i;
  return word;
}

/// Rows of four output channels.
void expand_rows(const Plan& plan, const std::uint8_t* row, std::size_t row_bytes,
                 std::uint32_t* to) {
  const std::size_t groups = plan.channels / kGroup;
  const std::size_t left = plan.channels % kGroup;
  if (groups != 0) expand_groups(row, row_bytes, to, groups);
  if (left == 0) return;
  to += groups * kGroup;
  row += groups * 4;
  const std::uint8_t* third = row + 2 * row_bytes;
  const std::size_t bytes = (left + 3) / 4;
  std::uint32_t last[4] = {last_codes(row, bytes), last_codes(row + row_bytes, bytes),
                           last_codes(third, bytes), last_codes(third + row_bytes, bytes)};
  if (left > kHalfGroup) {
    expand_words(last, 4, to);
    return;
  }
  for (std::uint32_t& word : last) word = (word & 0xFFU) | (word & 0xFF00U) << 8U;
  expand_words(last, 2, to);
}

/// Weights of four output channels from channel `first` and input channel `from` on, and room for
/// the numbers behind them.
struct ExpandedWeights {
  ExpandedWeights(const Convolution& layer, const Plan& plan, std::size_t first, std::size_t from)
      : numbers(words + plan.quads * kQuad) {
    const std::size_t row_bytes = core::packed_row_bytes(layer.format, layer.window_weights());
    expand_rows(plan, layer.weights + first * row_bytes + from / 4, row_bytes, words);
  }

  std::uint32_t words[kMostWeights + kNumbers];
  std::uint32_t* numbers;
};

/// Sums over these codes, to be made two pixels at a time.
struct Sums {
  Sums(const Plan& plan_of, const ExpandedWeights& weights, const std::uint32_t* codes,
       bool makes_codes)
      : plan(plan_of) {
    group.codes = codes;
    group.weights = weights.words;
    group.weights_end = weights.numbers;
    group.lane_start = static_cast<std::uint32_t>(plan.lane_start);
    group.first_chunk = plan.first_chunk;
    group.full_chunk = plan.full_chunk;
    group.finish = makes_codes ? plan.finish_codes : finish_entry(plan.is_only_chunk, false);
    group.shift = static_cast<std::uint32_t>(plan.lane_shift);
  }

  /// The next pixels' codes to `out`, `stride` bytes apart; 0: the first pixel's alone.
  void make_codes(std::size_t pairs, std::uint8_t* out, std::size_t stride) {
    group.out = out;
    group.stride = stride;
    run(pairs);
  }

  /// The next two pixels' sums.
  void make_sums(std::int32_t (&sums)[2][4]) {
    std::int32_t words[8];
    group.out = reinterpret_cast<std::uint8_t*>(words);
    run(1);
    const int shift = plan.sum_shift();
    for (std::size_t i = 0; i < 2; ++i) {
      sums[i][0] = words[4 + 2 * i] >> shift;
      sums[i][1] = words[5 + 2 * i] >> shift;
      sums[i][2] = words[2 * i] >> shift;
      sums[i][3] = words[2 * i + 1] >> shift;
    }
  }

 private:
  void run(std::size_t pairs) {
    group.codes_end = group.codes + pairs * pair_words(plan.quads);
    plan.is_only_chunk ? sum_one_chunk(&group) : sum_many_chunks(&group);
    group.codes = group.codes_end;
  }

  const Plan& plan;
  LaneGroup group;
};

void store_sums(const Convolution& layer, std::size_t first, const std::int32_t (&sums)[4],
                std::uint8_t* out) {
  for (std::size_t c = 0; c < 4; ++c) {
    out[first + c] = code_before_table(layer.requantization, sums[c], first + c);
  }
}

/// Four output channels at `pixels` pixels whose codes have been widened.
[[gnu::noinline]] void make_channels(const Convolution& layer, const Plan& plan,
                                     const TopHalf& top_half, std::size_t first,
                                     const std::uint32_t* block, std::size_t pixels,
                                     std::uint8_t* out) {
  ExpandedWeights weights(layer, plan, first, 0);
  const bool makes_codes = top_half.find_four(first, weights.numbers);
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  Sums sums(plan, weights, block, makes_codes);
  if (makes_codes) {
    if (pixels >= 2) sums.make_codes(pixels / 2, out + first, channels);
    if (pixels % 2 != 0) sums.make_codes(1, out + (pixels - 1) * channels + first, 0);
    return;
  }
  for (std::size_t pixel = 0; pixel < pixels; pixel += 2, out += 2 * channels) {
    std::int32_t of_two[2][4];
    sums.make_sums(of_two);
    store_sums(layer, first, of_two[0], out);
    if (pixel + 1 < pixels) store_sums(layer, first, of_two[1], out + channels);
  }
}

/// One pixel whose sums are made in parts. Without the table.
[[gnu::noinline]] void make_long_pixel(const Convolution& layer, const std::uint8_t* x,
                                       std::uint32_t* block, std::uint8_t* out) {
  const std::size_t all = layer.window_weights();
  const auto part_plan = [&](std::size_t from) {
    return Plan(layer, all - from < kMostWeights ? all - from : kMostWeights);
  };
  constexpr std::size_t kPartWords = kMostWeights + kAddends;
  for (std::size_t from = 0; from < all; from += kMostWeights) {
    widen(part_plan(from).widening(layer.zero_point), x + from, 0, 1,
          block + from / kMostWeights * kPartWords);
  }
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  for (std::size_t channel = 0; channel < channels; channel += 4) {
    const std::size_t first = channel + 4 > channels ? channels - 4 : channel;
    std::int32_t total[4] = {};
    for (std::size_t from = 0; from < all; from += kMostWeights) {
      const Plan plan = part_plan(from);
      const ExpandedWeights weights(layer, plan, first, from);
      std::int32_t sums[2][4];
      Sums(plan, weights, block + from / kMostWeights * kPartWords, false).make_sums(sums);
      for (std::size_t c = 0; c < 4; ++c) total[c] += sums[0][c];
    }
    store_sums(layer, first, total, out);
  }
}

}  // namespace

void row_2w8a(const Convolution& layer, std::uint8_t* /*scratch*/, WindowRows rows,
              std::uint8_t* out) {
  const auto pixels = static_cast<std::size_t>(layer.out_width);
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  std::uint32_t block[kBlockWords];
  if (layer.window_weights() > kMostWeights) {
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      make_long_pixel(layer, rows[0] + pixel * static_cast<std::size_t>(layer.in_channels), block,
                      out + pixel * channels);
    }
    apply_table(layer.requantization, out, pixels * channels);
    return;
  }
  const Plan plan(layer, layer.window_weights());
  const TopHalf top_half(layer.requantization, plan.largest_sum, plan.sum_shift());
  const Widening how = plan.widening(layer.zero_point);
  const std::size_t at_once = kBlockWords / pair_words(plan.quads) * 2;
  for (std::size_t first = 0; first < pixels; first += at_once) {
    const std::size_t count = pixels - first < at_once ? pixels - first : at_once;
    widen_windows(layer, how, rows, first, count, block);
    std::uint8_t* to = out + first * channels;
    for (std::size_t channel = 0; channel < channels; channel += 4) {
      // The last four may have some of those before among them.
      const std::size_t from = channel + 4 > channels ? channels - 4 : channel;
      make_channels(layer, plan, top_half, from, block, count, to);
    }
    apply_table(layer.requantization, to, count * channels);
  }
}

}  // namespace coco_mcu::kernels::cortex_m
