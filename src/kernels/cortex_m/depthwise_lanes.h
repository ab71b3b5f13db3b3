// Depthwise sums of 2-bit weights, two channels in one SMLAD. Freestanding.
//
// A number of 16 bits has room for a weight as it is or 13 bits to the left. Codes of channels 0
// and 2 stand side by side in a word; multiplied with channel 0's weight in the lower half and
// channel 2's, to the left, in the upper half, both sums grow in one register: the lower one, of
// codes less 128, stays within 13 bits with its sign for up to ten weights. Channels 1 and 3
// likewise.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coco_mcu::kernels::cortex_m {

/// Bits of the lower sum.
constexpr int kLaneBits = 13;
/// What codes are less, so that sums stay within them.
constexpr std::int32_t kCenter = 128;

/// How far to the left a sum stands when it is multiplied; also a word of sums to start with.
constexpr int window_shift(int kernel) {
  return kernel == 3 ? 18 : 16;
}

/// What one call works on: four channels at some output columns. The assembler knows the order of
/// the fields.
struct WindowStrip {
  /// For each column of the input `kernel` words, from top to bottom, each with four codes.
  const std::uint32_t* codes;
  const std::uint32_t* codes_end;  // where the window behind the last one begins
  std::uint8_t* out;
  std::size_t out_stride;  // bytes from one output to the next
  /// For each word of a window two: weights of channels (0, 2) and (1, 3); four starts of channels
  /// 0, 2, 1, 3; what TopHalf finds for them.
  const std::uint32_t* weights;
  std::size_t back;  // bytes from a window's end to the next one's beginning
};

/// Codes of windows of 3x3 or 5x5 to `out`.
void sum_windows(int kernel, const WindowStrip* strip);

}  // namespace coco_mcu::kernels::cortex_m
